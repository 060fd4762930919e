package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Tensor;

/**
 * Schedulers whose latents are x0 + sigma * noise, without scaling down the signal (Karras et al. 2022). The model was
 * trained on latents of variance one, so {@link #scaleModelInput} divides by sqrt(sigma^2 + 1).
 */
public abstract sealed class SigmaScheduler extends DiscreteScheduler
        permits EulerScheduler, EulerAncestralScheduler, LmsScheduler, HeunScheduler {

    private final SigmaPlan plan;

    SigmaScheduler(SchedulerConfig config, Run run, SigmaPlan plan, int callsPerStep) {
        super(config.requireNoFlow(), run, plan.timesteps(), callsPerStep);
        this.plan = plan;
    }

    /** The noise level at a place of the plan; one past the last call is the level it ends on. */
    final float sigma(int index) {
        return plan.sigmas()[index];
    }

    /**
     * The noise levels of the whole plan, falling: one per model call and the one it ends on.
     *
     * @throws InvalidRequestException if no number of steps was set
     */
    public final float[] sigmas() {
        requirePlan();
        return plan.sigmas().clone();
    }

    /**
     * A scheduler of the same options that steps over noise levels of your own, such as the native runtime's. Each
     * timestep is the time at which training saw that level.
     *
     * @param sigmas two to the number of training steps and one more, falling, finite; the last one is ended on and may
     *     be 0
     * @throws InvalidRequestException if there are too few or too many or they do not fall
     */
    public final Scheduler withSigmas(float... sigmas) {
        Sigmas.requireFalling(sigmas, config().numTrainTimesteps() + 1, Float.MAX_VALUE);
        return with(over(sigmas.clone()));
    }

    @Override
    public final double initNoiseSigma() {
        requirePlan();
        return config().timestepSpacing() == TimestepSpacing.LEADING ? deviation(sigma(0)) : sigma(0);
    }

    @Override
    public final void scaleModelInput(Tensor latents, Timestep timestep, Tensor destination) {
        requirePlanned(timestep);
        requireSameShape(destination, latents);
        Float32.divide(latents, deviation(sigma(timestep.index())), destination);
    }

    @Override
    public final void addNoise(Tensor latents, Tensor noise, Timestep timestep) {
        requirePlanned(timestep);
        requireSameShape(noise, latents);
        Float32.addProduct(latents, noise, sigma(timestep.index()), latents);
    }

    /** The standard deviation of latents of a noise level whose x0 has variance one. */
    private static float deviation(float sigma) {
        return (float) Math.sqrt(sigma * sigma + 1);
    }

    /** Writes dx/dsigma: the direction away from the estimate of x0. */
    final void direction(Tensor latents, Tensor output, float sigma, Tensor destination) {
        switch (config().predictionType()) {
            case EPSILON -> Float32.direction(latents, 1, output, -sigma, sigma, destination);
            case V_PREDICTION ->
                Float32.direction(latents, sigma * sigma + 1, output, -sigma / deviation(sigma), sigma, destination);
            case SAMPLE -> Float32.direction(latents, Float.POSITIVE_INFINITY, output, 1, sigma, destination);
            case EDM_V, FLOW, FLUX_FLOW, FLUX2_FLOW -> throw new IllegalStateException("refused by the config");
        }
    }

    /**
     * Options by name.
     *
     * @param <B> the builder's own type
     */
    public abstract static sealed class Builder<B extends Builder<B>> extends DiscreteScheduler.Builder<B>
            permits EulerScheduler.Builder,
                    EulerAncestralScheduler.Builder,
                    LmsScheduler.Builder,
                    HeunScheduler.Builder {

        Builder() {
            super(TimestepSpacing.LINSPACE);
        }
    }
}
