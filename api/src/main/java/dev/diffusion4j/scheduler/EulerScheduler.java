package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.Objects;

/**
 * Euler's method over the noise level (Karras et al. 2022, algorithm 2 without churn): one model call a step,
 * deterministic. Equal to diffusers' EulerDiscreteScheduler.
 */
public final class EulerScheduler extends SigmaScheduler {

    /** What this scheduler alone has; see the builder. */
    record Options(boolean useKarrasSigmas, FinalSigmasType finalSigmasType) {}

    private final Options options;
    private final History direction = new History(1);

    EulerScheduler(SchedulerConfig config, Options options, Run run) {
        super(config, run, SigmaPlan.of(config, run, options.useKarrasSigmas(), options.finalSigmasType()), 1);
        this.options = options;
    }

    /** For Stable Diffusion 1.x. */
    public static EulerScheduler stableDiffusion() {
        return builder().stableDiffusion().build();
    }

    /** With diffusers' defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    Record options() {
        return options;
    }

    @Override
    DiscreteScheduler with(Run newRun) {
        return new EulerScheduler(config(), options, newRun);
    }

    @Override
    void allocate(Shape newShape) {
        direction.allocate(newShape);
    }

    @Override
    void restart() {}

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        float sigma = sigma(timestep.index());
        Tensor newest = direction.push();
        direction(latents, output, sigma, newest);
        Float32.addProduct(latents, newest, sigma(timestep.index() + 1) - sigma, latents);
    }

    /** Options by name. */
    public static final class Builder extends SigmaScheduler.Builder<Builder> {

        private boolean useKarrasSigmas;
        private FinalSigmasType finalSigmasType = FinalSigmasType.ZERO;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /** Whether noise levels follow Karras et al. 2022; false without it. */
        public Builder useKarrasSigmas(boolean use) {
            useKarrasSigmas = use;
            return this;
        }

        /** The noise level to end on; {@link FinalSigmasType#ZERO} without it. */
        public Builder finalSigmasType(FinalSigmasType type) {
            finalSigmasType = Objects.requireNonNull(type, "finalSigmasType");
            return this;
        }

        /** Whether the last training step is rescaled to hold no signal; false without it. */
        public Builder rescaleBetasZeroSnr(boolean rescale) {
            return zeroSnr(rescale);
        }

        @Override
        public EulerScheduler build() {
            return new EulerScheduler(config(), new Options(useKarrasSigmas, finalSigmasType), Run.UNPLANNED);
        }
    }
}
