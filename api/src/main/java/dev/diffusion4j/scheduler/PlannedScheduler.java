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

/** What the schedulers of this package share: the plan, and the order of its steps. */
public abstract sealed class PlannedScheduler implements Scheduler permits DiscreteScheduler, FlowMatchScheduler {

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

    private final int numTrainTimesteps;
    private final Run run;
    private final List<Timestep> plan;
    private final int begin;

    private @Nullable Shape shape;
    private int next;

    /**
     * @param numTrainTimesteps the most steps
     * @param done how many of the steps strength leaves
     * @param timesteps the model calls of all steps, empty if the run is not planned
     * @param callsPerStep how many entries of {@code timesteps} a skipped step takes away
     */
    PlannedScheduler(int numTrainTimesteps, Run run, int done, double[] timesteps, int callsPerStep) {
        this.numTrainTimesteps = numTrainTimesteps;
        this.run = run;
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

    /** What the scheduler has beside the options that a family of them shares. */
    abstract Record options();

    /** Whatever tells two schedulers of one class apart, but for their runs. */
    List<Object> allOptions() {
        return List.of(options());
    }

    /** Whether it steps over the noise levels of flow matching, rather than over noise variances. */
    public abstract boolean isForFlow();

    /** The same options for another run. */
    abstract PlannedScheduler with(Run newRun);

    /** Takes memory for a shape of latents. */
    abstract void allocate(Shape newShape);

    /** Forgets earlier steps. */
    abstract void restart();

    /**
     * One step.
     *
     * @param timestep whose index is the place in the whole plan
     * @param call the place in this run: that index without what strength took away
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

    @Override
    public Scheduler withSteps(int steps, double strength) {
        if (steps < 1 || steps > numTrainTimesteps) {
            throw new InvalidRequestException("steps", steps, "from 1 to " + numTrainTimesteps);
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

    void requirePlan() {
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
        return other instanceof PlannedScheduler scheduler
                && getClass() == scheduler.getClass()
                && allOptions().equals(scheduler.allOptions())
                && run.steps() == scheduler.run.steps()
                && run.strength() == scheduler.run.strength()
                && Arrays.equals(run.sigmas(), scheduler.run.sigmas());
    }

    @Override
    public final int hashCode() {
        return Objects.hash(getClass(), allOptions(), run.steps(), run.strength(), Arrays.hashCode(run.sigmas()));
    }

    /** Such as {@code PndmScheduler[50 steps]}. */
    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + (run.isPlanned() ? run.steps() + " steps" : "no plan") + "]";
    }
}
