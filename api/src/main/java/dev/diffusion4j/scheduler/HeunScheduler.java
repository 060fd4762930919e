package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/**
 * Heun's method over the noise level (Karras et al. 2022, algorithm 2 without churn): an Euler step, a second model
 * call where it ends, and the step again with the mean of both directions. Two model calls a step, one in the last;
 * deterministic. Equal to diffusers' HeunDiscreteScheduler.
 */
public final class HeunScheduler extends SigmaScheduler {

    /** What this scheduler alone has; see the builder. */
    record Options(boolean useKarrasSigmas) {}

    private final Options options;
    private final HeunSteps steps = new HeunSteps(sum);

    HeunScheduler(SchedulerConfig config, Options options, Run run) {
        super(
                config,
                run,
                SigmaPlan.of(config, run, options.useKarrasSigmas(), FinalSigmasType.ZERO)
                        .withBothEnds(),
                HeunSteps.CALLS_PER_STEP);
        this.options = options;
    }

    /** For Stable Diffusion 1.x. */
    public static HeunScheduler stableDiffusion() {
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
        return new HeunScheduler(config(), options, newRun);
    }

    @Override
    void allocate(Shape newShape) {
        steps.allocate(newShape);
    }

    @Override
    void restart() {}

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        int index = timestep.index();
        float sigma = sigma(index);
        direction(latents, output, sigma, steps.direction());
        if (call % HeunSteps.CALLS_PER_STEP == 0) {
            steps.predict(latents, sigma(index + 1) - sigma);
        } else {
            steps.correct(latents, sigma - sigma(index - 1));
        }
    }

    /** Options by name. */
    public static final class Builder extends SigmaScheduler.Builder<Builder> {

        private boolean useKarrasSigmas;

        private Builder() {
            betaStart(0.00085);
            betaEnd(0.012);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Whether noise levels follow Karras et al. 2022; false without it. */
        public Builder useKarrasSigmas(boolean use) {
            useKarrasSigmas = use;
            return this;
        }

        @Override
        public HeunScheduler build() {
            return new HeunScheduler(config(), new Options(useKarrasSigmas), Run.UNPLANNED);
        }
    }
}
