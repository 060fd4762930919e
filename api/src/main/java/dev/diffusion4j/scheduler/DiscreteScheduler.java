package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.LinearCombination;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the schedulers share: options, the plan, and the order of its steps. */
public abstract sealed class DiscreteScheduler implements Scheduler
        permits PndmScheduler, DdimScheduler, DpmSolverMultistepScheduler, SigmaScheduler {

    /** The most tensors that any scheduler sums in a step. */
    private static final int MAX_TERMS = 6;

    /**
     * What the {@code with} methods set.
     *
     * @param steps the number of steps, 0 before it is set
     * @param noise the source of noise, or null
     * @param sigmas noise levels of the caller's, or null
     */
    record Run(int steps, double strength, @Nullable NormalGenerator noise, float @Nullable [] sigmas) {

        static final Run UNPLANNED = new Run(0, 1, null, null);

        boolean isPlanned() {
            return steps > 0;
        }
    }

    final LinearCombination sum = new LinearCombination(MAX_TERMS);

    private final SchedulerConfig config;
    private final Run run;
    private final List<Timestep> plan;
    private final int begin;

    private @Nullable Shape shape;
    private int next;

    /**
     * @param timesteps the model calls of all steps, empty if the run is not planned
     * @param callsPerStep how many entries of {@code timesteps} a skipped step takes away
     */
    DiscreteScheduler(SchedulerConfig config, Run run, double[] timesteps, int callsPerStep) {
        this.config = config;
        this.run = run;
        // Rounded down, as the reference does.
        int done = (int) (run.steps() * run.strength());
        if (run.isPlanned() && done == 0) {
            throw new InvalidRequestException(
                    "strength", run.strength(), "at least 1/" + run.steps() + " to leave a step of " + run.steps());
        }
        begin = (run.steps() - done) * callsPerStep;
        next = begin;
        List<Timestep> calls = new ArrayList<>();
        for (int i = begin; i < timesteps.length; i++) {
            calls.add(new Timestep(i, (float) timesteps[i]));
        }
        plan = Collections.unmodifiableList(calls);
    }

    /** As {@link SchedulerType#title()}. */
    @Override
    public final String name() {
        return SchedulerType.of(this).title();
    }

    /** What the scheduler has beside the shared options. */
    abstract Record options();

    /** The same options for another run. */
    abstract DiscreteScheduler with(Run newRun);

    /** Takes memory for a shape of latents. */
    abstract void allocate(Shape newShape);

    /** Forgets earlier steps. */
    abstract void restart();

    /**
     * One step.
     *
     * @param index the place in the whole plan
     * @param call the place in this run: {@code index} without what strength took away
     */
    abstract void advance(Tensor output, Timestep timestep, int call, Tensor latents);

    /** What the {@code with} methods have set. */
    final Run run() {
        return run;
    }

    /** A run over noise levels of the caller's, with the same noise. */
    final Run over(float[] sigmas) {
        return new Run(sigmas.length - 1, 1, run.noise(), sigmas);
    }

    /** The options that all schedulers share. */
    public SchedulerConfig config() {
        return config;
    }

    @Override
    public Scheduler withSteps(int steps, double strength) {
        if (steps < 1 || steps > config.numTrainTimesteps()) {
            throw new InvalidRequestException("steps", steps, "from 1 to " + config.numTrainTimesteps());
        }
        if (!(strength > 0 && strength <= 1)) {
            throw new InvalidRequestException("strength", strength, "above 0 and up to 1");
        }
        return with(new Run(steps, strength, run.noise(), null));
    }

    @Override
    public Scheduler withNoise(NormalGenerator noise) {
        return with(new Run(run.steps(), run.strength(), Objects.requireNonNull(noise, "noise"), run.sigmas()));
    }

    @Override
    public boolean isStochastic() {
        return false;
    }

    @Override
    public int steps() {
        return run.steps();
    }

    @Override
    public List<Timestep> timesteps() {
        requirePlan();
        return plan;
    }

    @Override
    public double initNoiseSigma() {
        requirePlan();
        return 1;
    }

    @Override
    public void scaleModelInput(Tensor latents, Timestep timestep, Tensor destination) {
        requirePlanned(timestep);
        if (destination != latents) {
            destination.copyFrom(latents);
        }
    }

    @Override
    public final void step(Tensor modelOutput, Timestep timestep, Tensor latents) {
        requirePlanned(timestep);
        requireSameShape(modelOutput, latents);
        if (isStochastic() && run.noise() == null) {
            throw new InvalidRequestException("noise", "missing", "given with withNoise(generator)");
        }
        if (timestep.index() == begin) {
            start(latents.shape());
        } else if (timestep.index() != next) {
            throw new InvalidRequestException(
                    "timestep.index", timestep.index(), next + ", the next, or " + begin + ", the first");
        } else if (!latents.shape().equals(shape)) {
            throw new InvalidRequestException("latents", latents.shape(), "of the loop's shape, " + shape);
        }
        advance(modelOutput, timestep, timestep.index() - begin, latents);
        next = timestep.index() + 1;
    }

    private void start(Shape newShape) {
        if (!newShape.equals(shape)) {
            allocate(newShape);
            shape = newShape;
        }
        restart();
    }

    /** Draws noise for a step of a stochastic scheduler. */
    final void drawNoise(Tensor destination) {
        Objects.requireNonNull(run.noise(), "step() asks for it").fill(destination);
    }

    final void requirePlan() {
        if (!run.isPlanned()) {
            throw new InvalidRequestException("steps", "unset", "set with withSteps(steps)");
        }
    }

    final void requirePlanned(Timestep timestep) {
        requirePlan();
        int call = timestep.index() - begin;
        if (call < 0 || call >= plan.size() || !plan.get(call).equals(timestep)) {
            throw new InvalidRequestException("timestep", timestep, "one of this scheduler's timesteps()");
        }
    }

    static void requireSameShape(Tensor tensor, Tensor latents) {
        if (!tensor.shape().equals(latents.shape())) {
            throw new InvalidRequestException("shape", tensor.shape(), "that of the latents, " + latents.shape());
        }
    }

    /** Whether the other is of the same class, with the same options and plan. Where the noise comes from is not compared. */
    @Override
    public final boolean equals(@Nullable Object other) {
        return other instanceof DiscreteScheduler scheduler
                && getClass() == scheduler.getClass()
                && config.equals(scheduler.config)
                && options().equals(scheduler.options())
                && run.steps() == scheduler.run.steps()
                && run.strength() == scheduler.run.strength()
                && Arrays.equals(run.sigmas(), scheduler.run.sigmas());
    }

    @Override
    public final int hashCode() {
        return Objects.hash(getClass(), config, options(), run.steps(), run.strength(), Arrays.hashCode(run.sigmas()));
    }

    /** Such as {@code PndmScheduler[50 steps]}. */
    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + (run.isPlanned() ? run.steps() + " steps" : "no plan") + "]";
    }

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
