package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.Objects;

/**
 * DPM-Solver and DPM-Solver++ as multistep methods of orders 1 to 3 (Lu et al. 2022, "DPM-Solver", and 2023,
 * "DPM-Solver++"), with their stochastic variants. One model call a step; good pictures in 15 to 25 steps. Equal to
 * diffusers' DPMSolverMultistepScheduler, over noise variances or over the levels of flow matching, its third-order {@code sde-dpmsolver++} included, which weights the second
 * derivative otherwise than the expansion asks.
 */
public final class DpmSolverMultistepScheduler extends DiscreteScheduler {

    /** Plans shorter than this end with lower orders where lowerOrderFinal is set. */
    private static final int SHORT_PLAN = 15;

    private static final int MAX_ORDER = 3;

    /** What this scheduler alone has; see the builder. */
    record Options(
            int solverOrder,
            DpmSolverAlgorithm algorithmType,
            DpmSolverType solverType,
            boolean lowerOrderFinal,
            boolean eulerAtFinal,
            boolean useKarrasSigmas,
            boolean useFlowSigmas,
            double flowShift,
            FinalSigmasType finalSigmasType,
            double lambdaMinClipped) {

        Options {
            if (solverOrder < 1 || solverOrder > MAX_ORDER) {
                throw new InvalidRequestException("solverOrder", solverOrder, "from 1 to " + MAX_ORDER);
            }
            if (solverOrder == MAX_ORDER && algorithmType == DpmSolverAlgorithm.SDE_DPMSOLVER) {
                throw new InvalidRequestException("solverOrder", solverOrder, "1 or 2 for " + algorithmType);
            }
            if (!algorithmType.predictsOriginal() && finalSigmasType == FinalSigmasType.ZERO) {
                throw new InvalidRequestException("finalSigmasType", finalSigmasType, "sigma_min for " + algorithmType);
            }
            if (Double.isNaN(lambdaMinClipped)) {
                throw new InvalidRequestException("lambdaMinClipped", lambdaMinClipped, "a number");
            }
            if (!(flowShift > 0 && flowShift < Double.POSITIVE_INFINITY)) {
                throw new InvalidRequestException("flowShift", flowShift, "above 0 and finite");
            }
            if (useFlowSigmas) {
                requireForFlow(algorithmType, useKarrasSigmas, finalSigmasType);
            }
        }

        private static void requireForFlow(
                DpmSolverAlgorithm algorithm, boolean karras, FinalSigmasType finalSigmasType) {
            if (!algorithm.predictsOriginal()) {
                throw new InvalidRequestException(
                        "algorithmType", algorithm, "dpmsolver++ or sde-dpmsolver++ with flow sigmas");
            }
            if (karras) {
                throw new InvalidRequestException("useKarrasSigmas", true, "false with flow sigmas");
            }
            if (finalSigmasType != FinalSigmasType.ZERO) {
                throw new InvalidRequestException("finalSigmasType", finalSigmasType, "zero with flow sigmas");
            }
        }

        /** Refuses a model of the other kind. */
        private void requireFor(PredictionType prediction) {
            if (prediction.isFlow() != useFlowSigmas) {
                throw new InvalidRequestException(
                        "useFlowSigmas",
                        useFlowSigmas,
                        useFlowSigmas
                                ? "false for a model that predicts " + prediction + ", or predictionType flow"
                                : "true for a model that predicts flow");
            }
        }
    }

    private final Options options;
    private final SigmaPlan plan;
    private final History predictions;
    private final History fresh = new History(1);

    DpmSolverMultistepScheduler(SchedulerConfig config, Options options, Run run, SigmaPlan plan) {
        super(config, run, plan.timesteps(), 1);
        options.requireFor(config.predictionType());
        this.options = options;
        this.plan = plan;
        predictions = new History(options.solverOrder());
    }

    /** For Stable Diffusion 1.x: DPM-Solver++ of second order. */
    public static DpmSolverMultistepScheduler stableDiffusion() {
        return builder().stableDiffusion().build();
    }

    /** With diffusers' defaults. */
    public static Builder builder() {
        return new Builder();
    }

    private static SigmaPlan plan(SchedulerConfig config, Options options, int steps) {
        if (options.useFlowSigmas()) {
            return flowPlan(config.numTrainTimesteps(), options.flowShift(), steps);
        }
        float[] table = NoiseTable.of(config).withoutZero().sigmas();
        double[] timesteps;
        double[] levels;
        if (options.useKarrasSigmas()) {
            levels = Sigmas.karras(table[table.length - 1], table[0], steps);
            timesteps = new double[steps];
            for (int i = 0; i < steps; i++) {
                double time = Sigmas.timestep(levels[i], table);
                // Models of the cosine schedule take the whole part; for the others the nearest whole time is meant.
                timesteps[i] =
                        config.betaSchedule() == BetaSchedule.SQUAREDCOS_CAP_V2 ? Math.floor(time) : Math.rint(time);
            }
        } else {
            timesteps = timesteps(config, end(table, options.lambdaMinClipped()), steps);
            levels = new double[steps];
            for (int i = 0; i < steps; i++) {
                levels[i] = Sigmas.at(timesteps[i], table);
            }
        }
        return new SigmaPlan(timesteps, SigmaPlan.ending(levels, options.finalSigmasType(), table));
    }

    /** Levels of equal steps, shifted, that leave out both the clean end and the noisy one, at which lambda is infinite. */
    private static SigmaPlan flowPlan(int numTrainTimesteps, double shift, int steps) {
        double[] timesteps = new double[steps];
        float[] sigmas = new float[steps + 1];
        double highest = 1 - 1.0 / numTrainTimesteps;
        for (int i = 0; i < steps; i++) {
            double sigma = FlowMatchScheduler.shifted(highest * (steps - i) / steps, shift);
            timesteps[i] = Math.floor(sigma * numTrainTimesteps);
            sigmas[i] = (float) sigma;
        }
        return new SigmaPlan(timesteps, sigmas);
    }

    /** The number of training steps, from the clean end, whose lambda = log(alpha / sigma) is not below the limit. */
    private static int end(float[] table, double lambdaMinClipped) {
        int end = table.length;
        while (end > 1 && -Math.log(table[end - 1]) < lambdaMinClipped) {
            end--;
        }
        return end;
    }

    /** One timestep more than steps is laid out, and the last, the clean end, left to the final noise level. */
    private static double[] timesteps(SchedulerConfig config, int end, int steps) {
        double[] laidOut = switch (config.timestepSpacing()) {
            case LINSPACE -> Spacing.linspace(end - 1, steps + 1);
            case LEADING -> Spacing.leading(end / (steps + 1), config.stepsOffset(), steps + 1);
            case TRAILING -> Spacing.trailing(end, (double) config.numTrainTimesteps() / steps, steps);
        };
        double[] timesteps = new double[steps];
        for (int i = 0; i < steps; i++) {
            timesteps[i] = Math.rint(laidOut[i]);
        }
        return timesteps;
    }

    @Override
    Record options() {
        return options;
    }

    @Override
    DiscreteScheduler with(Run newRun) {
        SigmaPlan newPlan = newRun.isPlanned() ? plan(config(), options, newRun.steps()) : SigmaPlan.NONE;
        return new DpmSolverMultistepScheduler(config(), options, newRun, newPlan);
    }

    @Override
    public boolean isStochastic() {
        return options.algorithmType().isStochastic();
    }

    @Override
    void allocate(Shape newShape) {
        predictions.allocate(newShape);
        fresh.allocate(newShape);
    }

    @Override
    void restart() {
        predictions.clear();
    }

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        int index = timestep.index();
        predict(output, index, latents);
        int order = order(index);
        boolean midpoint = order == 2 && options.solverType() == DpmSolverType.MIDPOINT;
        DpmSolverWeights weights =
                DpmSolverWeights.of(options.algorithmType(), midpoint, shares(index), shares(index + 1));
        sum.clear().add(weights.sample(), latents);
        switch (order) {
            case 1 -> sum.add(weights.value(), predictions.get(0));
            case 2 -> addSecondOrder(weights, index);
            default -> addThirdOrder(weights, index);
        }
        if (isStochastic()) {
            Tensor noise = fresh.push();
            drawNoise(noise);
            sum.add(weights.noise(), noise);
        }
        sum.into(latents);
    }

    /** Remembers the estimate, of x0 or of the noise, that the algorithm integrates. */
    private void predict(Tensor output, int index, Tensor latents) {
        float alpha = shares(index).alpha();
        float sigma = shares(index).sigma();
        PredictionType type = config().predictionType();
        boolean original = options.algorithmType().predictsOriginal();
        sum.clear()
                .add(original ? type.sampleInOriginal(alpha, sigma) : type.sampleInNoise(alpha, sigma), latents)
                .add(original ? type.outputInOriginal(alpha, sigma) : type.outputInNoise(alpha, sigma), output)
                .into(predictions.push());
    }

    private int order(int index) {
        int steps = plan.timesteps().length;
        boolean shortPlan = options.lowerOrderFinal() && steps < SHORT_PLAN;
        int order = Math.min(options.solverOrder(), predictions.count());
        if (index == steps - 1
                && (options.eulerAtFinal() || shortPlan || options.finalSigmasType() == FinalSigmasType.ZERO)) {
            return 1;
        }
        return index == steps - 2 && shortPlan ? Math.min(order, 2) : order;
    }

    private void addSecondOrder(DpmSolverWeights weights, int index) {
        float perNewest = stepLength(index) / stepLength(index - 1);
        sum.add(weights.value() + weights.slope() * perNewest, predictions.get(0))
                .add(-weights.slope() * perNewest, predictions.get(1));
    }

    /** The derivatives of the parabola through the last three predictions. */
    private void addThirdOrder(DpmSolverWeights weights, int index) {
        double newer = stepLength(index - 1) / stepLength(index);
        double older = stepLength(index - 2) / stepLength(index);
        double perNewer = 1 / newer;
        double perOlder = 1 / older;
        // The slope is the newest difference and a share of how the two differences differ; the curvature a share too.
        double bend = weights.slope() * newer / (newer + older) + weights.curvature() / (newer + older);
        sum.add(weights.value() + (weights.slope() + bend) * perNewer, predictions.get(0))
                .add(-(weights.slope() + bend) * perNewer - bend * perOlder, predictions.get(1))
                .add(bend * perOlder, predictions.get(2));
    }

    /** The length of a step in lambda = log(alpha / sigma). */
    private float stepLength(int index) {
        return shares(index + 1).lambda() - shares(index).lambda();
    }

    private SignalAndNoise shares(int index) {
        float level = plan.sigmas()[index];
        return options.useFlowSigmas() ? SignalAndNoise.ofFlow(level) : SignalAndNoise.ofRatio(level);
    }

    @Override
    public void addNoise(Tensor latents, Tensor noise, Timestep timestep) {
        requirePlanned(timestep);
        requireSameShape(noise, latents);
        SignalAndNoise shares = shares(timestep.index());
        sum.clear().add(shares.alpha(), latents).add(shares.sigma(), noise).into(latents);
    }

    /** Options by name. */
    public static final class Builder extends DiscreteScheduler.Builder<Builder> {

        private int solverOrder = 2;
        private DpmSolverAlgorithm algorithmType = DpmSolverAlgorithm.DPMSOLVER_PLUS_PLUS;
        private DpmSolverType solverType = DpmSolverType.MIDPOINT;
        private boolean lowerOrderFinal = true;
        private boolean eulerAtFinal;
        private boolean useKarrasSigmas;
        private boolean useFlowSigmas;
        private double flowShift = 1;
        private FinalSigmasType finalSigmasType = FinalSigmasType.ZERO;
        private double lambdaMinClipped = Double.NEGATIVE_INFINITY;

        private Builder() {
            super(TimestepSpacing.LINSPACE);
        }

        @Override
        Builder self() {
            return this;
        }

        /** The order, 1 to 3; 2 without it, which is right with guidance; 3 suits sampling without. */
        public Builder solverOrder(int order) {
            solverOrder = order;
            return this;
        }

        /** The equation; {@link DpmSolverAlgorithm#DPMSOLVER_PLUS_PLUS} without it. */
        public Builder algorithmType(DpmSolverAlgorithm algorithm) {
            algorithmType = Objects.requireNonNull(algorithm, "algorithmType");
            return this;
        }

        /** The variant of second order; {@link DpmSolverType#MIDPOINT} without it. */
        public Builder solverType(DpmSolverType type) {
            solverType = Objects.requireNonNull(type, "solverType");
            return this;
        }

        /** Whether plans of fewer than 15 steps end with lower orders, which steadies them; true without it. */
        public Builder lowerOrderFinal(boolean lower) {
            lowerOrderFinal = lower;
            return this;
        }

        /** Whether the last step is of first order; false without it. It is in any case where a plan ends on zero. */
        public Builder eulerAtFinal(boolean euler) {
            eulerAtFinal = euler;
            return this;
        }

        /** Whether noise levels follow Karras et al. 2022; false without it. */
        public Builder useKarrasSigmas(boolean use) {
            useKarrasSigmas = use;
            return this;
        }

        /**
         * Whether noise levels are those of flow matching, for models that {@linkplain PredictionType#FLOW predict flow}, and for
         * these alone; false without it.
         */
        public Builder useFlowSigmas(boolean use) {
            useFlowSigmas = use;
            return this;
        }

        /** What flow-matching levels are moved up by, above 0; 1, not at all, without it. */
        public Builder flowShift(double shift) {
            flowShift = shift;
            return this;
        }

        /** The noise level to end on; {@link FinalSigmasType#ZERO} without it, which only the ++ algorithms can. */
        public Builder finalSigmasType(FinalSigmasType type) {
            finalSigmasType = Objects.requireNonNull(type, "finalSigmasType");
            return this;
        }

        /**
         * The lowest log(alpha / sigma) that a plan starts from; no limit without it. Cosine schedules need one, such
         * as -5.1.
         */
        public Builder lambdaMinClipped(double lambda) {
            lambdaMinClipped = lambda;
            return this;
        }

        /** Whether the last training step is rescaled to hold no signal; false without it. */
        public Builder rescaleBetasZeroSnr(boolean rescale) {
            return zeroSnr(rescale);
        }

        @Override
        public DpmSolverMultistepScheduler build() {
            Options options = new Options(
                    solverOrder,
                    algorithmType,
                    solverType,
                    lowerOrderFinal,
                    eulerAtFinal,
                    useKarrasSigmas,
                    useFlowSigmas,
                    flowShift,
                    finalSigmasType,
                    lambdaMinClipped);
            return new DpmSolverMultistepScheduler(config(), options, Run.UNPLANNED, SigmaPlan.NONE);
        }
    }
}
