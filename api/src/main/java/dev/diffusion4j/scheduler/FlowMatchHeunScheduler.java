package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;

/**
 * Heun's method (Karras et al. 2022, algorithm 2 without churn) along the flow: an Euler step, a second model call where it
 * ends, and the step again with the mean of both directions. Two model calls a step, one in the last; deterministic. Equal to
 * diffusers' FlowMatchHeunDiscreteScheduler.
 */
public final class FlowMatchHeunScheduler extends FlowMatchScheduler {

    /** See the builder. */
    record Options(int numTrainTimesteps, double shift) {

        Options {
            requireTraining(numTrainTimesteps, shift);
        }
    }

    private final Options options;
    private final HeunSteps steps = new HeunSteps(sum);

    FlowMatchHeunScheduler(Options options, Run run) {
        super(options.numTrainTimesteps(), run, plan(options, run).withBothEnds(), HeunSteps.CALLS_PER_STEP);
        this.options = options;
    }

    /** With diffusers' defaults. */
    public static Builder builder() {
        return new Builder();
    }

    private static SigmaPlan plan(Options options, Run run) {
        int total = options.numTrainTimesteps();
        if (!run.isPlanned()) {
            return SigmaPlan.NONE;
        }
        if (run.sigmas() != null) {
            return over(run.sigmas(), total);
        }
        double[] levels = levelsOfTraining(total, options.shift(), run.steps());
        for (int i = 0; i < levels.length; i++) {
            levels[i] = shifted(levels[i], options.shift());
        }
        return plan(levels, total);
    }

    @Override
    Record options() {
        return options;
    }

    @Override
    PlannedScheduler with(Run newRun) {
        return new FlowMatchHeunScheduler(options, newRun);
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
        Float32.direction(latents, 1, output, -sigma, sigma, steps.direction());
        if (call % HeunSteps.CALLS_PER_STEP == 0) {
            steps.predict(latents, sigma(index + 1) - sigma);
        } else {
            steps.correct(latents, sigma - sigma(index - 1));
        }
    }

    /** Options by name. Names and defaults are those of diffusers' scheduler of the same name. */
    public static final class Builder {

        private int numTrainTimesteps = 1000;
        private double shift = 1;

        private Builder() {}

        /** How many noise levels the model was trained with; 1000 without it. */
        public Builder numTrainTimesteps(int count) {
            numTrainTimesteps = count;
            return this;
        }

        /** What levels are moved up by, above 0; 1, not at all, without it. */
        public Builder shift(double value) {
            shift = value;
            return this;
        }

        /**
         * A scheduler with these options; set its number of steps with {@link Scheduler#withSteps(int)}.
         *
         * @throws dev.diffusion4j.error.InvalidRequestException if a value is out of range
         */
        public FlowMatchHeunScheduler build() {
            return new FlowMatchHeunScheduler(new Options(numTrainTimesteps, shift), Run.UNPLANNED);
        }
    }
}
