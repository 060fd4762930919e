package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.Tensor;

/**
 * Schedulers whose latents are x0 + sigma * noise, without scaling down the signal (Karras et al. 2022). The model was
 * trained on latents of variance one, so {@link #scaleModelInput} divides by sqrt(sigma^2 + 1).
 */
public abstract sealed class SigmaScheduler extends DiscreteScheduler
        permits EulerScheduler, EulerAncestralScheduler, LmsScheduler, HeunScheduler {

    private final SigmaPlan plan;

    SigmaScheduler(SchedulerConfig config, Run run, SigmaPlan plan, int callsPerStep) {
        super(config, run, plan.timesteps(), callsPerStep);
        this.plan = plan;
    }

    /** The noise level at a place of the plan; one past the last call is the level it ends on. */
    final double sigma(int index) {
        return plan.sigmas()[index];
    }

    /**
     * The noise levels of the whole plan, falling: one per model call and the one it ends on.
     *
     * @throws dev.diffusion4j.InvalidRequestException if no number of steps was set
     */
    public final float[] sigmas() {
        requirePlan();
        return plan.sigmas().clone();
    }

    @Override
    public final double initNoiseSigma() {
        requirePlan();
        double highest = sigma(0);
        return config().timestepSpacing() == TimestepSpacing.LEADING ? Math.sqrt(highest * highest + 1) : highest;
    }

    @Override
    public final void scaleModelInput(Tensor latents, Timestep timestep, Tensor destination) {
        requirePlanned(timestep);
        sum.clear().add(signal(sigma(timestep.index())), latents).into(destination);
    }

    @Override
    public final void addNoise(Tensor latents, Tensor noise, Timestep timestep) {
        requirePlanned(timestep);
        requireSameShape(noise, latents);
        latents.addScaled(sigma(timestep.index()), noise);
    }

    /** What brings latents of a noise level to variance one, which is the signal's share there. */
    private static double signal(double sigma) {
        return 1 / Math.sqrt(sigma * sigma + 1);
    }

    /** The latents' weight in dx/dsigma, the direction away from x0, which is the estimate of the noise. */
    final double latentsInDerivative(double sigma) {
        double alpha = signal(sigma);
        // The estimate is made from latents at the model's scale.
        return alpha * config().predictionType().sampleInNoise(alpha, sigma * alpha);
    }

    /** The output's weight in dx/dsigma. */
    final double outputInDerivative(double sigma) {
        double alpha = signal(sigma);
        return config().predictionType().outputInNoise(alpha, sigma * alpha);
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
