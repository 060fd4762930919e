package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.List;
import java.util.Objects;

/** What the schedulers over tables of noise variances share: their options. */
public abstract sealed class DiscreteScheduler extends PlannedScheduler
        permits PndmScheduler, DdimScheduler, DpmSolverMultistepScheduler, SigmaScheduler {

    private final SchedulerConfig config;

    /**
     * @param timesteps the model calls of all steps, empty if the run is not planned
     * @param callsPerStep how many entries of {@code timesteps} a skipped step takes away
     */
    DiscreteScheduler(SchedulerConfig config, Run run, double[] timesteps, int callsPerStep) {
        // Rounded down, as the reference does.
        super(config.numTrainTimesteps(), run, (int) (run.steps() * run.strength()), timesteps, callsPerStep);
        this.config = config;
    }

    /** The options that these schedulers share. */
    public SchedulerConfig config() {
        return config;
    }

    @Override
    final List<Object> allOptions() {
        return List.of(config, options());
    }

    @Override
    public final boolean isForFlow() {
        return config.predictionType().isFlow();
    }

    @Override
    abstract DiscreteScheduler with(Run newRun);

    /**
     * Options by name. Names and defaults are those of diffusers' scheduler of the same name.
     *
     * @param <B> the builder's own type
     */
    public abstract static sealed class Builder<B extends Builder<B>>
            permits PndmScheduler.Builder,
                    DdimScheduler.Builder,
                    DpmSolverMultistepScheduler.Builder,
                    SigmaScheduler.Builder {

        private int numTrainTimesteps = 1000;
        private double betaStart = 0.0001;
        private double betaEnd = 0.02;
        private BetaSchedule betaSchedule = BetaSchedule.LINEAR;
        private boolean zeroSnr;
        private PredictionType predictionType = PredictionType.EPSILON;
        private TimestepSpacing timestepSpacing;
        private int stepsOffset;

        Builder(TimestepSpacing defaultSpacing) {
            timestepSpacing = defaultSpacing;
        }

        abstract B self();

        /**
         * Sets what Stable Diffusion 1.x's scheduler_config sets: betas from 0.00085 to 0.012, scaled linear, and
         * a steps offset of 1. What it does not name stays as it is.
         */
        public B stableDiffusion() {
            betaStart = 0.00085;
            betaEnd = 0.012;
            betaSchedule = BetaSchedule.SCALED_LINEAR;
            predictionType = PredictionType.EPSILON;
            stepsOffset = 1;
            return self();
        }

        /** How many noise levels the model was trained with; 1000 without it. */
        public B numTrainTimesteps(int count) {
            numTrainTimesteps = count;
            return self();
        }

        /** The first noise variance, above 0 and below 1. */
        public B betaStart(double beta) {
            betaStart = beta;
            return self();
        }

        /** The last noise variance, from betaStart to below 1. */
        public B betaEnd(double beta) {
            betaEnd = beta;
            return self();
        }

        /** How the variance grows; {@link BetaSchedule#LINEAR} without it. */
        public B betaSchedule(BetaSchedule schedule) {
            betaSchedule = Objects.requireNonNull(schedule, "schedule");
            return self();
        }

        /** What the model predicts; {@link PredictionType#EPSILON} without it. */
        public B predictionType(PredictionType type) {
            predictionType = Objects.requireNonNull(type, "type");
            return self();
        }

        /** Which timesteps are visited; the scheduler's own default without it. */
        public B timestepSpacing(TimestepSpacing spacing) {
            timestepSpacing = Objects.requireNonNull(spacing, "spacing");
            return self();
        }

        /** Added to the timesteps of {@link TimestepSpacing#LEADING}; 0 without it. */
        public B stepsOffset(int offset) {
            stepsOffset = offset;
            return self();
        }

        /** For builders of schedulers that offer it. */
        final B zeroSnr(boolean rescale) {
            zeroSnr = rescale;
            return self();
        }

        final SchedulerConfig config() {
            return new SchedulerConfig(
                    numTrainTimesteps,
                    betaStart,
                    betaEnd,
                    betaSchedule,
                    zeroSnr,
                    predictionType,
                    timestepSpacing,
                    stepsOffset);
        }

        /**
         * A scheduler with these options; set its number of steps with {@link Scheduler#withSteps(int)}.
         *
         * @throws InvalidRequestException if a value is out of range or two do not go together
         */
        public abstract DiscreteScheduler build();
    }
}
