package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Pseudo numerical methods for diffusion models (Liu et al. 2022), Stable Diffusion 1.x's original scheduler: a linear
 * multistep method over the last four noise predictions, deterministic. It starts either with three Runge-Kutta steps of
 * four model calls each, or, with {@code skipPrkSteps}, with lower orders and one call more than steps. Equal to
 * diffusers' PNDMScheduler.
 *
 * <p>Like the reference, an image-to-image plan is the end of the whole list of timesteps, and its second call takes the
 * place of the repeated one.
 */
public final class PndmScheduler extends DiscreteScheduler {

    private static final int ORDER = 4;
    private static final int CALLS_PER_RUNGE_KUTTA_STEP = 4;
    private static final int RUNGE_KUTTA_CALLS = (ORDER - 1) * CALLS_PER_RUNGE_KUTTA_STEP;

    /** Adams-Bashforth weights, the newest prediction's first, for each number of predictions. */
    private static final double[][] MULTISTEP = {
        {}, {1}, {3 / 2.0, -1 / 2.0}, {23 / 12.0, -16 / 12.0, 5 / 12.0}, {55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0},
    };

    /** The classic Runge-Kutta method's weights of its four calls. */
    private static final double[] RUNGE_KUTTA = {1 / 6.0, 1 / 3.0, 1 / 3.0, 1 / 6.0};

    /** What this scheduler alone has; see the builder. */
    record Options(boolean skipPrkSteps, boolean setAlphaToOne) {}

    private final Options options;
    private final NoiseTable table;
    private final History predictions = new History(ORDER);
    private final History start = new History(1);
    private final History total = new History(1);
    private int stepStart;

    PndmScheduler(SchedulerConfig config, Options options, Run run) {
        super(config.requireOtherThanSample(), run, plan(config, options.skipPrkSteps(), run), 1);
        this.options = options;
        table = NoiseTable.of(config);
    }

    /** For Stable Diffusion 1.x: Runge-Kutta steps skipped. */
    public static PndmScheduler stableDiffusion() {
        return builder().stableDiffusion().build();
    }

    /** With diffusers' defaults. */
    public static Builder builder() {
        return new Builder();
    }

    private static double[] plan(SchedulerConfig config, boolean skipPrkSteps, Run run) {
        if (!run.isPlanned()) {
            return new double[0];
        }
        int[] falling = Spacing.rounded(Spacing.timesteps(config, run.steps()));
        if (falling[0] >= config.numTrainTimesteps()) {
            throw new InvalidRequestException(
                    "stepsOffset", config.stepsOffset(), "small enough for the first timestep to be a training step");
        }
        List<Double> calls = new ArrayList<>();
        for (int i = 0; i < falling.length; i++) {
            calls.add((double) falling[i]);
        }
        if (skipPrkSteps) {
            // The second timestep is visited again after the first, half-accurate step to it.
            if (falling.length > 1) {
                calls.add(1, calls.get(1));
            }
        } else {
            replaceStart(calls, falling, config.numTrainTimesteps() / run.steps() / 2, run);
        }
        return calls.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** Replaces the first three timesteps by four Runge-Kutta calls each: start, middle twice, end. */
    private static void replaceStart(List<Double> calls, int[] falling, int half, Run run) {
        if (run.steps() < ORDER) {
            throw new InvalidRequestException("steps", run.steps(), "at least 4 with Runge-Kutta steps");
        }
        if (run.strength() < 1) {
            throw new InvalidRequestException(
                    "strength", run.strength(), "1 with Runge-Kutta steps; skipPrkSteps allows less");
        }
        List<Double> rungeKutta = new ArrayList<>();
        for (int i = 0; i < ORDER - 1; i++) {
            double middle = falling[i + 1] + half;
            rungeKutta.addAll(List.of((double) falling[i], middle, middle, (double) falling[i + 1]));
        }
        calls.subList(0, ORDER - 1).clear();
        calls.addAll(0, rungeKutta);
    }

    @Override
    Record options() {
        return options;
    }

    @Override
    DiscreteScheduler with(Run newRun) {
        return new PndmScheduler(config(), options, newRun);
    }

    @Override
    void allocate(Shape newShape) {
        predictions.allocate(newShape);
        start.allocate(newShape);
        total.allocate(newShape);
    }

    @Override
    void restart() {
        predictions.clear();
    }

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        int time = (int) timestep.value();
        if (!options.skipPrkSteps() && call < RUNGE_KUTTA_CALLS) {
            rungeKutta(output, time, call % CALLS_PER_RUNGE_KUTTA_STEP, latents);
        } else {
            multistep(output, time, call, latents);
        }
    }

    private void rungeKutta(Tensor output, int time, int stage, Tensor latents) {
        if (stage == 0) {
            stepStart = time;
            predictions.push().copyFrom(output);
            start.push().copyFrom(latents);
            total.push().fill(0);
        }
        Tensor weighted = total.get(0);
        weighted.addScaled(RUNGE_KUTTA[stage], output);
        boolean last = stage == CALLS_PER_RUNGE_KUTTA_STEP - 1;
        // Calls at the start and in the middle (stages 0 and 2) aim half a step below their own time.
        int target = stage % 2 == 0 ? time - ratio() / 2 : time;
        double outputWeight = beginMove(stepStart, target, start.get(0));
        sum.add(outputWeight, last ? weighted : output).into(latents);
    }

    private void multistep(Tensor output, int time, int call, Tensor latents) {
        int from = time;
        int to = time - ratio();
        Tensor origin = latents;
        boolean repeated = call == 1;
        if (repeated) {
            // The second call is at the end of the first step, which is done again with the mean of both predictions.
            from = time + ratio();
            to = time;
            origin = start.get(0);
        } else {
            predictions.push().copyFrom(output);
        }
        if (call == 0) {
            start.push().copyFrom(latents);
        }
        double outputWeight = beginMove(from, to, origin);
        if (repeated) {
            sum.add(outputWeight / 2, output).add(outputWeight / 2, predictions.get(0));
        } else {
            double[] weights = MULTISTEP[predictions.count()];
            for (int age = 0; age < weights.length; age++) {
                sum.add(outputWeight * weights[age], predictions.get(age));
            }
        }
        sum.into(latents);
    }

    /**
     * Begins the move of Liu et al. 2022, equation 11, from one time to another with the sample's part of the sum.
     *
     * @return the weight of the combined output, which the caller adds
     */
    private double beginMove(int from, int to, Tensor sample) {
        double alphaFrom = alphaCumprod(from);
        double alphaTo = alphaCumprod(to);
        double signal = Math.sqrt(alphaFrom);
        double noise = Math.sqrt(1 - alphaFrom);
        double denominator = alphaFrom * Math.sqrt(1 - alphaTo) + Math.sqrt(alphaFrom * (1 - alphaFrom) * alphaTo);
        double predictionWeight = (alphaFrom - alphaTo) / denominator;
        PredictionType type = config().predictionType();
        sum.clear().add(Math.sqrt(alphaTo / alphaFrom) + predictionWeight * type.sampleInNoise(signal, noise), sample);
        return predictionWeight * type.outputInNoise(signal, noise);
    }

    private double alphaCumprod(int time) {
        if (time >= 0) {
            return table.alphaCumprod(time);
        }
        return options.setAlphaToOne() ? 1 : table.alphaCumprod(0);
    }

    /** The whole training steps between two timesteps. */
    private int ratio() {
        return config().numTrainTimesteps() / steps();
    }

    @Override
    public void addNoise(Tensor latents, Tensor noise, Timestep timestep) {
        requirePlanned(timestep);
        requireSameShape(noise, latents);
        double alpha = table.alphaCumprod((int) timestep.value());
        sum.clear()
                .add(Math.sqrt(alpha), latents)
                .add(Math.sqrt(1 - alpha), noise)
                .into(latents);
    }

    /** Options by name. */
    public static final class Builder extends DiscreteScheduler.Builder<Builder> {

        private boolean skipPrkSteps;
        private boolean setAlphaToOne;

        private Builder() {
            super(TimestepSpacing.LEADING);
        }

        @Override
        Builder self() {
            return this;
        }

        /** {@inheritDoc} Also skips Runge-Kutta steps. */
        @Override
        public Builder stableDiffusion() {
            return super.stableDiffusion().skipPrkSteps(true).setAlphaToOne(false);
        }

        /** Whether the Runge-Kutta steps at the start are left out; false without it. */
        public Builder skipPrkSteps(boolean skip) {
            skipPrkSteps = skip;
            return this;
        }

        /** Whether the last step ends on no noise instead of the lowest level of training; false without it. */
        public Builder setAlphaToOne(boolean one) {
            setAlphaToOne = one;
            return this;
        }

        /**
         * {@inheritDoc}
         *
         * @throws InvalidRequestException also for {@link PredictionType#SAMPLE}, which this scheduler does not know
         */
        @Override
        public PndmScheduler build() {
            return new PndmScheduler(config(), new Options(skipPrkSteps, setAlphaToOne), Run.UNPLANNED);
        }
    }
}
