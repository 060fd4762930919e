package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Schedulers from the {@code scheduler_config.json} that diffusers writes beside a model. What this library's scheduler cannot
 * do as it is said there is refused, and so is an option that it does not know, unless it is switched off.
 */
public final class DiffusersConfig {

    /** The spelling of {@link PredictionType#FLOW}. */
    private static final String FLOW_PREDICTION = "flow_prediction";

    /** Numbers that say more of something that is refused where it is switched on. */
    private static final List<String> WITHOUT_EFFECT =
            List.of("dynamic_thresholding_ratio", "sample_max_value", "clip_sample_range", "time_shift_type");

    /** What all schedulers over noise variances do, where diffusers leaves a choice. */
    private static final Map<String, String> ALWAYS =
            Map.of("interpolation_type", "linear", "timestep_type", "discrete");

    private final Map<String, @Nullable Object> left;

    private DiffusersConfig(Map<String, @Nullable Object> fields) {
        left = new LinkedHashMap<>(fields);
    }

    /**
     * The scheduler of a file, without a plan. One of flow matching begins at the levels of its training, as {@code
     * set_timesteps(steps)} does; the pipelines of some models give it others, see {@link
     * FlowMatchEulerScheduler.Builder#timestepSpacing}.
     *
     * @throws ModelFileException if the file cannot be read or is no JSON
     * @throws InvalidRequestException as {@link #parse}
     */
    public static Scheduler read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (IOException | JsonFormatException e) {
            throw new ModelFileException("the scheduler's options cannot be read: " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * The scheduler of a file's text.
     *
     * @throws InvalidRequestException if there is no such scheduler here, or it cannot do what an option asks for; the field is
     *     the option's name
     */
    static Scheduler parse(String json) {
        return new DiffusersConfig(JsonType.object(Json.read(json))).scheduler();
    }

    private Scheduler scheduler() {
        Object name = left.remove("_class_name");
        SchedulerType type = SchedulerType.of(String.valueOf(name));
        Scheduler scheduler = switch (type) {
            case PNDM -> pndm();
            case LMS -> lms();
            case HEUN -> heun();
            case DPM_SOLVER_MULTISTEP -> dpmSolver();
            case EULER -> euler();
            case EULER_ANCESTRAL -> eulerAncestral();
            case DDIM -> ddim();
            case FLOW_MATCH_EULER -> flowMatchEuler();
            case FLOW_MATCH_HEUN -> flowMatchHeun();
        };
        requireNothingLeft(type);
        return scheduler;
    }

    private Scheduler pndm() {
        PndmScheduler.Builder builder = shared(PndmScheduler.builder());
        truth("skip_prk_steps", builder::skipPrkSteps);
        truth("set_alpha_to_one", builder::setAlphaToOne);
        return builder.build();
    }

    private Scheduler lms() {
        LmsScheduler.Builder builder = shared(LmsScheduler.builder());
        truth("use_karras_sigmas", builder::useKarrasSigmas);
        return builder.build();
    }

    private Scheduler heun() {
        HeunScheduler.Builder builder = shared(HeunScheduler.builder());
        truth("use_karras_sigmas", builder::useKarrasSigmas);
        return builder.build();
    }

    private Scheduler euler() {
        EulerScheduler.Builder builder = shared(EulerScheduler.builder());
        truth("use_karras_sigmas", builder::useKarrasSigmas);
        constant("final_sigmas_type", FinalSigmasType.values(), builder::finalSigmasType);
        truth("rescale_betas_zero_snr", builder::rescaleBetasZeroSnr);
        return builder.build();
    }

    private Scheduler eulerAncestral() {
        EulerAncestralScheduler.Builder builder = shared(EulerAncestralScheduler.builder());
        truth("rescale_betas_zero_snr", builder::rescaleBetasZeroSnr);
        return builder.build();
    }

    private Scheduler ddim() {
        DdimScheduler.Builder builder = shared(DdimScheduler.builder());
        truth("set_alpha_to_one", builder::setAlphaToOne);
        truth("clip_sample", builder::clipSample);
        number("clip_sample_range", builder::clipSampleRange);
        truth("rescale_betas_zero_snr", builder::rescaleBetasZeroSnr);
        return builder.build();
    }

    private Scheduler dpmSolver() {
        DpmSolverMultistepScheduler.Builder builder = shared(DpmSolverMultistepScheduler.builder());
        whole("solver_order", builder::solverOrder);
        constant("algorithm_type", DpmSolverAlgorithm.values(), builder::algorithmType);
        constant("solver_type", DpmSolverType.values(), builder::solverType);
        truth("lower_order_final", builder::lowerOrderFinal);
        truth("euler_at_final", builder::eulerAtFinal);
        truth("use_karras_sigmas", builder::useKarrasSigmas);
        truth("use_flow_sigmas", builder::useFlowSigmas);
        number("flow_shift", builder::flowShift);
        constant("final_sigmas_type", FinalSigmasType.values(), builder::finalSigmasType);
        number("lambda_min_clipped", builder::lambdaMinClipped);
        truth("rescale_betas_zero_snr", builder::rescaleBetasZeroSnr);
        return builder.build();
    }

    private Scheduler flowMatchEuler() {
        FlowMatchEulerScheduler.Builder builder = FlowMatchEulerScheduler.builder();
        whole("num_train_timesteps", builder::numTrainTimesteps);
        number("shift", builder::shift);
        number("shift_terminal", builder::shiftTerminal);
        truth("use_karras_sigmas", builder::useKarrasSigmas);
        truth("use_exponential_sigmas", builder::useExponentialSigmas);
        truth("use_beta_sigmas", builder::useBetaSigmas);
        truth("stochastic_sampling", builder::stochasticSampling);
        DynamicShift shift = dynamicShift();
        truth("use_dynamic_shifting", use -> {
            if (use) {
                builder.dynamicShift(shift);
            }
        });
        return builder.build();
    }

    private DynamicShift dynamicShift() {
        DynamicShift usual = DynamicShift.FLUX;
        return new DynamicShift(
                numberOr("base_shift", usual.baseShift()),
                numberOr("max_shift", usual.maxShift()),
                wholeOr("base_image_seq_len", usual.baseImageSeqLen()),
                wholeOr("max_image_seq_len", usual.maxImageSeqLen()),
                constantOr("time_shift_type", TimeShiftType.values(), usual.type()));
    }

    private Scheduler flowMatchHeun() {
        FlowMatchHeunScheduler.Builder builder = FlowMatchHeunScheduler.builder();
        whole("num_train_timesteps", builder::numTrainTimesteps);
        number("shift", builder::shift);
        return builder.build();
    }

    private <B extends DiscreteScheduler.Builder<B>> B shared(B builder) {
        whole("num_train_timesteps", builder::numTrainTimesteps);
        number("beta_start", builder::betaStart);
        number("beta_end", builder::betaEnd);
        constant("beta_schedule", BetaSchedule.values(), builder::betaSchedule);
        if (FLOW_PREDICTION.equals(left.get("prediction_type"))) {
            left.remove("prediction_type");
            builder.predictionType(PredictionType.FLOW);
        }
        constant(
                "prediction_type",
                new PredictionType[] {PredictionType.EPSILON, PredictionType.V_PREDICTION, PredictionType.SAMPLE},
                builder::predictionType);
        constant("timestep_spacing", TimestepSpacing.values(), builder::timestepSpacing);
        whole("steps_offset", builder::stepsOffset);
        return builder;
    }

    private void truth(String name, Consumer<Boolean> option) {
        switch (left.remove(name)) {
            case null -> {}
            case Boolean value -> option.accept(value);
            case Object value -> throw new InvalidRequestException(name, value, "true or false");
        }
    }

    private Optional<Number> number(String name) {
        return switch (left.remove(name)) {
            case null -> Optional.empty();
            case Number value -> Optional.of(value);
            // How it is written where JSON has no number for it.
            case String text
            when text.equals("-inf") || text.equals("-Infinity") -> Optional.of(Double.NEGATIVE_INFINITY);
            case Object value -> throw new InvalidRequestException(name, value, "a number");
        };
    }

    private void number(String name, DoubleConsumer option) {
        number(name).ifPresent(value -> option.accept(value.doubleValue()));
    }

    private double numberOr(String name, double usual) {
        return number(name).map(Number::doubleValue).orElse(usual);
    }

    private Optional<Integer> whole(String name) {
        return number(name).map(value -> {
            if (!(value instanceof Long whole) || whole != whole.intValue()) {
                throw new InvalidRequestException(name, value, "a whole number");
            }
            return whole.intValue();
        });
    }

    private void whole(String name, IntConsumer option) {
        whole(name).ifPresent(option::accept);
    }

    private int wholeOr(String name, int usual) {
        return whole(name).orElse(usual);
    }

    private <E> void constant(String name, E[] constants, Consumer<E> option) {
        Object value = left.remove(name);
        if (value != null) {
            option.accept(constant(name, constants, value));
        }
    }

    private <E> E constantOr(String name, E[] constants, E usual) {
        Object value = left.remove(name);
        return value == null ? usual : constant(name, constants, value);
    }

    private static <E> E constant(String name, E[] constants, Object value) {
        return Arrays.stream(constants)
                .filter(constant -> constant.toString().equals(value))
                .findFirst()
                .orElseThrow(() -> new InvalidRequestException(
                        name,
                        value,
                        "one of "
                                + String.join(
                                        ", ",
                                        Arrays.stream(constants)
                                                .map(Object::toString)
                                                .toList())));
    }

    private void requireNothingLeft(SchedulerType type) {
        left.keySet().removeIf(name -> name.startsWith("_"));
        left.keySet().removeAll(WITHOUT_EFFECT);
        left.entrySet().removeIf(option -> option.getValue() == null || Boolean.FALSE.equals(option.getValue()));
        left.entrySet().removeIf(option -> option.getValue().equals(ALWAYS.get(option.getKey())));
        if (!left.isEmpty()) {
            List<Map.Entry<String, @Nullable Object>> entries = new ArrayList<>(left.entrySet());
            throw new InvalidRequestException(
                    entries.getFirst().getKey(),
                    entries.getFirst().getValue(),
                    "absent or switched off: the scheduler " + type + " does not have it");
        }
    }
}
