package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/**
 * Ancestral sampling with Euler steps (k-diffusion's "Euler a"): each step goes below the next noise level and adds
 * fresh noise up to it. One model call a step, stochastic. Equal to diffusers' EulerAncestralDiscreteScheduler.
 */
public final class EulerAncestralScheduler extends SigmaScheduler {

    /** This scheduler has nothing that the others have not. */
    record Options() {}

    private final History scratch = new History(2);

    EulerAncestralScheduler(SchedulerConfig config, Run run) {
        super(config.requireOtherThanSample(), run, SigmaPlan.of(config, run, false, FinalSigmasType.ZERO), 1);
    }

    /** For Stable Diffusion 1.x. */
    public static EulerAncestralScheduler stableDiffusion() {
        return builder().stableDiffusion().build();
    }

    /** With diffusers' defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    Record options() {
        return new Options();
    }

    @Override
    DiscreteScheduler with(Run newRun) {
        return new EulerAncestralScheduler(config(), newRun);
    }

    @Override
    public boolean isStochastic() {
        return true;
    }

    @Override
    void allocate(Shape newShape) {
        scratch.allocate(newShape);
    }

    @Override
    void restart() {}

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        float from = sigma(timestep.index());
        float to = sigma(timestep.index() + 1);
        // The variance to^2 is split so that the step down keeps the fraction (to / from)^2 of it.
        float up = (float) Math.sqrt(to * to * (from * from - to * to) / (from * from));
        float down = (float) Math.sqrt(to * to - up * up);
        Tensor newest = scratch.push();
        direction(latents, output, from, newest);
        Float32.addProduct(latents, newest, down - from, latents);
        Tensor noise = scratch.push();
        drawNoise(noise);
        Float32.addProduct(latents, noise, up, latents);
    }

    /** Options by name. */
    public static final class Builder extends SigmaScheduler.Builder<Builder> {

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /** Whether the last training step is rescaled to hold no signal; false without it. */
        public Builder rescaleBetasZeroSnr(boolean rescale) {
            return zeroSnr(rescale);
        }

        /**
         * {@inheritDoc}
         *
         * @throws InvalidRequestException also for {@link PredictionType#SAMPLE}, which this scheduler does not know
         */
        @Override
        public EulerAncestralScheduler build() {
            return new EulerAncestralScheduler(config(), Run.UNPLANNED);
        }
    }
}
