package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Schedulers of this package as JSON: which one it is, its options, and its plan. */
public final class SchedulerJson {

    private static final JsonType<SchedulerConfig> CONFIG = JsonType.of(SchedulerConfig.class);
    private static final JsonType<List<Double>> SIGMAS = JsonType.listOf(JsonType.of(Double.class));

    private SchedulerJson() {}

    /** How one class keeps its own options; without the options that schedulers over noise variances share, if it is none. */
    private record Form<O>(
            JsonType<O> options,
            boolean hasConfig,
            BiFunction<@Nullable SchedulerConfig, O, PlannedScheduler> constructor) {

        static <O extends Record> Form<O> of(
                Class<O> options, BiFunction<SchedulerConfig, O, PlannedScheduler> constructor) {
            return new Form<>(
                    JsonType.of(options),
                    true,
                    (config, values) -> constructor.apply(Objects.requireNonNull(config, "config"), values));
        }

        static <O extends Record> Form<O> ofFlow(Class<O> options, Function<O, PlannedScheduler> constructor) {
            return new Form<>(JsonType.of(options), false, (_, values) -> constructor.apply(values));
        }

        PlannedScheduler read(Map<String, @Nullable Object> fields) {
            SchedulerConfig config = hasConfig ? CONFIG.read(fields.remove("config")) : null;
            return constructor.apply(config, options.read(fields.remove("options")));
        }

        @SuppressWarnings("unchecked")
        Object write(Record value) {
            return options.write((O) value);
        }
    }

    private static Form<?> form(SchedulerType type) {
        return switch (type) {
            case PNDM ->
                Form.of(
                        PndmScheduler.Options.class,
                        (config, options) -> new PndmScheduler(config, options, PlannedScheduler.Run.UNPLANNED));
            case LMS ->
                Form.of(
                        LmsScheduler.Options.class,
                        (config, options) -> new LmsScheduler(config, options, PlannedScheduler.Run.UNPLANNED));
            case HEUN ->
                Form.of(
                        HeunScheduler.Options.class,
                        (config, options) -> new HeunScheduler(config, options, PlannedScheduler.Run.UNPLANNED));
            case DPM_SOLVER_MULTISTEP ->
                Form.of(
                        DpmSolverMultistepScheduler.Options.class,
                        (config, options) -> new DpmSolverMultistepScheduler(
                                config, options, PlannedScheduler.Run.UNPLANNED, SigmaPlan.NONE));
            case EULER ->
                Form.of(
                        EulerScheduler.Options.class,
                        (config, options) -> new EulerScheduler(config, options, PlannedScheduler.Run.UNPLANNED));
            case EULER_ANCESTRAL ->
                Form.of(
                        EulerAncestralScheduler.Options.class,
                        (config, _) -> new EulerAncestralScheduler(config, PlannedScheduler.Run.UNPLANNED));
            case DDIM ->
                Form.of(
                        DdimScheduler.Options.class,
                        (config, options) -> new DdimScheduler(config, options, PlannedScheduler.Run.UNPLANNED));
            case FLOW_MATCH_EULER ->
                Form.ofFlow(
                        FlowMatchEulerScheduler.Options.class,
                        options -> new FlowMatchEulerScheduler(
                                options, PlannedScheduler.Run.UNPLANNED, FlowMatchEulerScheduler.Resolution.UNKNOWN));
            case FLOW_MATCH_HEUN ->
                Form.ofFlow(
                        FlowMatchHeunScheduler.Options.class,
                        options -> new FlowMatchHeunScheduler(options, PlannedScheduler.Run.UNPLANNED));
        };
    }

    /**
     * A scheduler as the fields of an object.
     *
     * @throws InvalidRequestException if it is none of this package's
     */
    public static Map<String, Object> write(Scheduler scheduler) {
        if (!(scheduler instanceof PlannedScheduler own)) {
            throw new InvalidRequestException(
                    "scheduler", scheduler.name(), "one of this library's, which alone can be written as JSON");
        }
        SchedulerType type = SchedulerType.of(own);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("scheduler", type.id());
        if (own instanceof DiscreteScheduler discrete) {
            fields.put("config", CONFIG.write(discrete.config()));
        }
        fields.put("options", form(type).write(own.options()));
        PlannedScheduler.Run run = own.run();
        if (run.sigmas() != null) {
            List<Double> sigmas = new ArrayList<>();
            for (float sigma : run.sigmas()) {
                sigmas.add((double) sigma);
            }
            fields.put("sigmas", sigmas);
        } else if (run.isPlanned()) {
            fields.put("steps", run.steps());
            fields.put("strength", run.strength());
        }
        if (own instanceof FlowMatchEulerScheduler euler) {
            FlowMatchEulerScheduler.Resolution resolution = euler.resolution();
            resolution.mu().ifPresent(mu -> fields.put("mu", mu));
            if (resolution.imageSeqLen() > 0) {
                fields.put("imageSeqLen", resolution.imageSeqLen());
            }
        }
        return fields;
    }

    /**
     * The scheduler back.
     *
     * @throws JsonFormatException if the fields are not those of one
     * @throws InvalidRequestException if a value is none for its option
     */
    public static Scheduler read(Map<String, @Nullable Object> fields) {
        Map<String, @Nullable Object> left = new LinkedHashMap<>(fields);
        SchedulerType type = type(left.remove("scheduler"));
        Scheduler scheduler = withResolution(form(type).read(left), left);
        Object sigmas = left.remove("sigmas");
        Object steps = left.remove("steps");
        Object strength = left.remove("strength");
        if (!left.isEmpty()) {
            throw new JsonFormatException(left.keySet().iterator().next() + ": there is no such field of a scheduler");
        }
        if (sigmas != null) {
            return planned(scheduler, SIGMAS.read(sigmas));
        }
        return steps == null
                ? scheduler
                : scheduler.withSteps(
                        JsonType.of(Integer.class).read(steps),
                        strength == null ? 1 : JsonType.of(Double.class).read(strength));
    }

    private static Scheduler withResolution(PlannedScheduler scheduler, Map<String, @Nullable Object> left) {
        if (!(scheduler instanceof FlowMatchEulerScheduler euler)) {
            return scheduler;
        }
        Object mu = left.remove("mu");
        FlowMatchEulerScheduler shifted =
                mu == null ? euler : euler.withMu(JsonType.of(Double.class).read(mu));
        Object tokens = left.remove("imageSeqLen");
        return tokens == null
                ? shifted
                : shifted.withImageSeqLen(JsonType.of(Integer.class).read(tokens));
    }

    private static SchedulerType type(@Nullable Object name) {
        if (name instanceof String text) {
            return SchedulerType.of(text);
        }
        throw new JsonFormatException("scheduler: " + Json.write(name) + " is no name of a scheduler");
    }

    private static Scheduler planned(Scheduler scheduler, List<Double> sigmas) {
        float[] values = new float[sigmas.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = sigmas.get(i).floatValue();
        }
        return switch (scheduler) {
            case SigmaScheduler over -> over.withSigmas(values);
            case FlowMatchScheduler over -> over.withSigmas(values);
            default -> throw new JsonFormatException("sigmas: " + scheduler.name() + " takes none");
        };
    }
}
