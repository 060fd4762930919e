package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Euler's method along the flow (Lipman et al. 2022): one model call a step, deterministic unless stochastic sampling is
 * switched on. What Stable Diffusion 3, FLUX.1, Qwen-Image and Z-Image are drawn with. Equal to diffusers'
 * FlowMatchEulerDiscreteScheduler.
 */
public final class FlowMatchEulerScheduler extends FlowMatchScheduler {

    /** See the builder. */
    record Options(
            int numTrainTimesteps,
            double shift,
            Optional<DynamicShift> dynamicShift,
            Optional<Double> shiftTerminal,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            boolean stochasticSampling,
            TimestepSpacing timestepSpacing) {

        Options {
            requireTraining(numTrainTimesteps, shift);
            double terminal = shiftTerminal.orElse(0.5);
            if (!(terminal > 0 && terminal < 1)) {
                throw new InvalidRequestException("shiftTerminal", terminal, "above 0 and below 1");
            }
            if (useExponentialSigmas && useKarrasSigmas) {
                throw new InvalidRequestException("useExponentialSigmas", true, "false beside useKarrasSigmas");
            }
            if (useBetaSigmas && (useKarrasSigmas || useExponentialSigmas)) {
                throw new InvalidRequestException(
                        "useBetaSigmas",
                        true,
                        "false beside " + (useKarrasSigmas ? "useKarrasSigmas" : "useExponentialSigmas"));
            }
            if (timestepSpacing == TimestepSpacing.LEADING) {
                throw new InvalidRequestException("timestepSpacing", timestepSpacing, "linspace or trailing");
            }
        }
    }

    /** How large the picture is, and the mu that is taken whatever its size. */
    record Resolution(int imageSeqLen, OptionalDouble mu) {

        static final Resolution UNKNOWN = new Resolution(0, OptionalDouble.empty());

        boolean isKnown() {
            return imageSeqLen > 0 || mu.isPresent();
        }
    }

    private final Options options;
    private final Resolution resolution;
    private final History scratch = new History(2);

    FlowMatchEulerScheduler(Options options, Run run, Resolution resolution) {
        super(options.numTrainTimesteps(), run, plan(options, run, resolution), 1);
        this.options = options;
        this.resolution = resolution;
    }

    /** With diffusers' defaults. */
    public static Builder builder() {
        return new Builder();
    }

    private static SigmaPlan plan(Options options, Run run, Resolution resolution) {
        int total = options.numTrainTimesteps();
        if (!run.isPlanned()) {
            return SigmaPlan.NONE;
        }
        if (run.sigmas() != null) {
            return over(run.sigmas(), total);
        }
        if (options.dynamicShift().isPresent() && !resolution.isKnown()) {
            // Its levels follow when the size does.
            return over(new float[run.steps() + 1], total);
        }
        return plan(redistributed(options, shifted(options, run.steps(), resolution)), total);
    }

    private static double[] shifted(Options options, int steps, Resolution resolution) {
        double fixed = options.dynamicShift().isPresent() ? 1 : options.shift();
        double[] levels = options.timestepSpacing() == TimestepSpacing.TRAILING
                ? trailing(steps)
                : levelsOfTraining(options.numTrainTimesteps(), fixed, steps);
        for (int i = 0; i < steps; i++) {
            levels[i] = options.dynamicShift().isPresent()
                    ? shifted(options.dynamicShift().get(), levels[i], resolution)
                    : shifted(levels[i], fixed);
        }
        if (options.shiftTerminal().isPresent()) {
            stretch(levels, options.shiftTerminal().get());
        }
        return levels;
    }

    private static double shifted(DynamicShift shift, double level, Resolution resolution) {
        double mu = resolution.mu().orElseGet(() -> shift.mu(resolution.imageSeqLen()));
        return shift.shifted(level, mu);
    }

    /** From 1 in equal steps, of which the next would be 0. */
    private static double[] trailing(int steps) {
        double[] levels = new double[steps];
        for (int i = 0; i < steps; i++) {
            levels[i] = (double) (steps - i) / steps;
        }
        return levels;
    }

    /** Moves the last level to a given one, and the others in proportion to how far they are from 1. */
    private static void stretch(double[] levels, double terminal) {
        double scale = (1 - levels[levels.length - 1]) / (1 - terminal);
        if (!(scale > 0)) {
            throw new InvalidRequestException("steps", levels.length, "2 or more for a terminal shift");
        }
        for (int i = 0; i < levels.length; i++) {
            levels[i] = 1 - (1 - levels[i]) / scale;
        }
    }

    private static double[] redistributed(Options options, double[] levels) {
        int steps = levels.length;
        double highest = levels[0];
        double lowest = levels[steps - 1];
        if (options.useKarrasSigmas()) {
            return Sigmas.karras(highest, lowest, steps);
        }
        if (options.useExponentialSigmas()) {
            return Sigmas.exponential(highest, lowest, steps);
        }
        return options.useBetaSigmas() ? Sigmas.beta(highest, lowest, steps) : levels;
    }

    @Override
    Record options() {
        return options;
    }

    /** How large the picture is. */
    Resolution resolution() {
        return resolution;
    }

    @Override
    List<Object> allOptions() {
        return List.of(options, resolution);
    }

    @Override
    PlannedScheduler with(Run newRun) {
        return new FlowMatchEulerScheduler(options, newRun, resolution);
    }

    /** {@inheritDoc} Changes the plan of a scheduler with a dynamic shift that no {@link #withMu} was given for. */
    @Override
    public Scheduler withImageSeqLen(int tokens) {
        if (tokens < 1) {
            throw new InvalidRequestException("imageSeqLen", tokens, "1 or above");
        }
        return new FlowMatchEulerScheduler(options, run(), new Resolution(tokens, resolution.mu()));
    }

    /**
     * A scheduler of the same options and plan whose dynamic shift is by this mu, whatever the picture's size: the {@code mu} of
     * diffusers' {@code set_timesteps}.
     *
     * @param mu finite; above 0 where the shift is linear
     * @throws InvalidRequestException if the shift is not dynamic, or the value is out of range
     */
    public FlowMatchEulerScheduler withMu(double mu) {
        boolean linear = options.dynamicShift()
                .orElseThrow(() -> new InvalidRequestException("mu", mu, "absent: the shift is not dynamic"))
                .type()
                .equals(TimeShiftType.LINEAR);
        if (!Double.isFinite(mu) || linear && mu <= 0) {
            throw new InvalidRequestException("mu", mu, linear ? "finite and above 0" : "finite");
        }
        return new FlowMatchEulerScheduler(
                options, run(), new Resolution(resolution.imageSeqLen(), OptionalDouble.of(mu)));
    }

    @Override
    void requirePlan() {
        super.requirePlan();
        if (options.dynamicShift().isPresent() && !resolution.isKnown() && run().sigmas() == null) {
            throw new InvalidRequestException(
                    "imageSeqLen", "unset", "set with withImageSeqLen(tokens) for a dynamic shift");
        }
    }

    @Override
    public boolean isStochastic() {
        return options.stochasticSampling();
    }

    @Override
    void allocate(Shape newShape) {
        if (isStochastic()) {
            scratch.allocate(newShape);
        }
    }

    @Override
    void restart() {}

    @Override
    void advance(Tensor output, Timestep timestep, int call, Tensor latents) {
        float sigma = sigma(timestep.index());
        float next = sigma(timestep.index() + 1);
        if (isStochastic()) {
            Tensor original = scratch.push();
            Float32.addProduct(latents, output, -sigma, original);
            Tensor noise = scratch.push();
            drawNoise(noise);
            Float32.mix(original, 1 - next, noise, next, latents);
        } else {
            Float32.addProduct(latents, output, next - sigma, latents);
        }
    }

    /** Options by name. Names and defaults are those of diffusers' scheduler of the same name, but where one says otherwise. */
    public static final class Builder {

        private int numTrainTimesteps = 1000;
        private double shift = 1;
        private Optional<DynamicShift> dynamicShift = Optional.empty();
        private Optional<Double> shiftTerminal = Optional.empty();
        private boolean useKarrasSigmas;
        private boolean useExponentialSigmas;
        private boolean useBetaSigmas;
        private boolean stochasticSampling;
        private TimestepSpacing timestepSpacing = TimestepSpacing.LINSPACE;

        private Builder() {}

        /** How many noise levels the model was trained with; 1000 without it. */
        public Builder numTrainTimesteps(int count) {
            numTrainTimesteps = count;
            return this;
        }

        /** What levels are moved up by, above 0; 1, not at all, without it. 3 for Stable Diffusion 3 and Z-Image-Turbo. */
        public Builder shift(double value) {
            shift = value;
            return this;
        }

        /**
         * A shift by the size of the picture in place of the fixed one; diffusers' {@code use_dynamic_shifting}. The plan then
         * needs {@link Scheduler#withImageSeqLen} or {@link FlowMatchEulerScheduler#withMu}; a request's picture gives the former.
         */
        public Builder dynamicShift(DynamicShift value) {
            dynamicShift = Optional.of(value);
            return this;
        }

        /** The level that the last model call is stretched to, above 0 and below 1; where the shift leaves it without it. */
        public Builder shiftTerminal(double level) {
            shiftTerminal = Optional.of(level);
            return this;
        }

        /** Whether the levels between the first and the last follow Karras et al. 2022; false without it. */
        public Builder useKarrasSigmas(boolean use) {
            useKarrasSigmas = use;
            return this;
        }

        /** Whether the levels between the first and the last fall exponentially; false without it. */
        public Builder useExponentialSigmas(boolean use) {
            useExponentialSigmas = use;
            return this;
        }

        /** Whether the levels between are quantiles of a beta distribution (Lee et al. 2024); false without it. */
        public Builder useBetaSigmas(boolean use) {
            useBetaSigmas = use;
            return this;
        }

        /** Whether each step goes to the estimate of x0 and adds fresh noise up to the next level; false without it. */
        public Builder stochasticSampling(boolean use) {
            stochasticSampling = use;
            return this;
        }

        /**
         * Which levels are laid out before shifting: {@link TimestepSpacing#LINSPACE}, from the highest to the lowest of training,
         * without it; {@link TimestepSpacing#TRAILING}, from 1 to 1/steps, is what diffusers' pipelines of FLUX, Qwen-Image and
         * Z-Image give the scheduler.
         */
        public Builder timestepSpacing(TimestepSpacing spacing) {
            timestepSpacing = Objects.requireNonNull(spacing, "spacing");
            return this;
        }

        /**
         * A scheduler with these options; set its number of steps with {@link Scheduler#withSteps(int)}.
         *
         * @throws InvalidRequestException if a value is out of range or two do not go together
         */
        public FlowMatchEulerScheduler build() {
            Options options = new Options(
                    numTrainTimesteps,
                    shift,
                    dynamicShift,
                    shiftTerminal,
                    useKarrasSigmas,
                    useExponentialSigmas,
                    useBetaSigmas,
                    stochasticSampling,
                    timestepSpacing);
            return new FlowMatchEulerScheduler(options, Run.UNPLANNED, Resolution.UNKNOWN);
        }
    }
}
