package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/**
 * A linear multistep method over the noise level (k-diffusion's "LMS"): the last four directions are interpolated by a
 * polynomial, which is integrated over the step. One model call a step, deterministic. Equal to diffusers'
 * LMSDiscreteScheduler.
 *
 * <p>Like the reference, an image-to-image plan takes the polynomial's degree from the place in the whole plan and
 * leaves out directions that are not there yet, so its first three steps are not exact.
 */
public final class LmsScheduler extends SigmaScheduler {

    private static final int ORDER = 4;
    /** Where the two-point rule of Gauss and Legendre evaluates, as distance from the middle in half-lengths. */
    private static final double GAUSS_POINT = 1 / Math.sqrt(3);

    private final boolean useKarrasSigmas;
    private final History directions = new History(ORDER);

    private LmsScheduler(SchedulerConfig config, boolean useKarrasSigmas, Run run) {
        super(config, run, SigmaPlan.of(config, run.steps(), useKarrasSigmas, FinalSigmasType.ZERO), 1);
        this.useKarrasSigmas = useKarrasSigmas;
    }

    /** For Stable Diffusion 1.x. */
    public static LmsScheduler stableDiffusion() {
        return builder().stableDiffusion().build();
    }

    /** With diffusers' defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    DiscreteScheduler with(Run newRun) {
        return new LmsScheduler(config(), useKarrasSigmas, newRun);
    }

    @Override
    void allocate(Shape newShape) {
        directions.allocate(newShape);
    }

    @Override
    void restart() {
        directions.clear();
    }

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        int index = timestep.index();
        double sigma = sigma(index);
        sum.clear()
                .add(latentsInDerivative(sigma), latents)
                .add(outputInDerivative(sigma), output)
                .into(directions.push());
        int order = Math.min(index + 1, ORDER);
        sum.clear().add(1, latents);
        for (int age = 0; age < directions.count(); age++) {
            sum.add(weight(index, age, order), directions.get(age));
        }
        sum.into(latents);
    }

    /** The integral over the step of the Lagrange polynomial that is 1 at one earlier level and 0 at the others. */
    private double weight(int index, int age, int order) {
        double half = (sigma(index + 1) - sigma(index)) / 2;
        double middle = sigma(index) + half;
        // Two points integrate polynomials up to degree three exactly.
        return half
                * (lagrange(middle - half * GAUSS_POINT, index, age, order)
                        + lagrange(middle + half * GAUSS_POINT, index, age, order));
    }

    private double lagrange(double level, int index, int age, int order) {
        double product = 1;
        for (int other = 0; other < order; other++) {
            if (other != age) {
                product *= (level - sigma(index - other)) / (sigma(index - age) - sigma(index - other));
            }
        }
        return product;
    }

    /** Options by name. */
    public static final class Builder extends SigmaScheduler.Builder<Builder> {

        private boolean useKarrasSigmas;

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

        @Override
        public LmsScheduler build() {
            return new LmsScheduler(config(), useKarrasSigmas, Run.UNPLANNED);
        }
    }
}
