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

    /** What this scheduler alone has; see the builder. */
    record Options(boolean useKarrasSigmas) {}

    private final Options options;
    private final History directions = new History(ORDER);
    private final History total = new History(1);

    LmsScheduler(SchedulerConfig config, Options options, Run run) {
        super(config, run, SigmaPlan.of(config, run, options.useKarrasSigmas(), FinalSigmasType.ZERO), 1);
        this.options = options;
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
    Record options() {
        return options;
    }

    @Override
    DiscreteScheduler with(Run newRun) {
        return new LmsScheduler(config(), options, newRun);
    }

    @Override
    void allocate(Shape newShape) {
        directions.allocate(newShape);
        total.allocate(newShape);
    }

    @Override
    void restart() {
        directions.clear();
    }

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        int index = timestep.index();
        direction(latents, output, sigma(index), directions.push());
        int order = Math.min(index + 1, ORDER);
        Tensor change = total.push();
        sum.clear().add(weight(index, 0, order), directions.get(0)).into(change);
        for (int age = 1; age < directions.count(); age++) {
            Float32.addProduct(change, directions.get(age), weight(index, age, order), change);
        }
        latents.addScaled(1, change);
    }

    /** The integral over the step of the Lagrange polynomial that is 1 at one earlier level and 0 at the others. */
    private float weight(int index, int age, int order) {
        double half = ((double) sigma(index + 1) - sigma(index)) / 2;
        double middle = sigma(index) + half;
        // Two points integrate polynomials up to degree three exactly.
        return (float) (half
                * (lagrange(middle - half * GAUSS_POINT, index, age, order)
                        + lagrange(middle + half * GAUSS_POINT, index, age, order)));
    }

    private double lagrange(double level, int index, int age, int order) {
        double product = 1;
        for (int other = 0; other < order; other++) {
            if (other != age) {
                product *= (level - sigma(index - other)) / ((double) sigma(index - age) - sigma(index - other));
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
            return new LmsScheduler(config(), new Options(useKarrasSigmas), Run.UNPLANNED);
        }
    }
}
