package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Schedulers of this package as JSON: which one it is, its options, and its plan. */
public final class SchedulerJson {

    private static final JsonType<SchedulerConfig> CONFIG = JsonType.of(SchedulerConfig.class);
    private static final JsonType<List<Double>> SIGMAS = JsonType.listOf(JsonType.of(Double.class));

    private SchedulerJson() {}

    /** How one class keeps its own options. */
    private record Form<O>(JsonType<O> options, BiFunction<SchedulerConfig, O, DiscreteScheduler> constructor) {

        static <O extends Record> Form<O> of(
                Class<O> options, BiFunction<SchedulerConfig, O, DiscreteScheduler> constructor) {
            return new Form<>(JsonType.of(options), constructor);
        }

        DiscreteScheduler read(SchedulerConfig config, @Nullable Object json) {
            return constructor.apply(config, options.read(json));
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
                        (config, options) -> new PndmScheduler(config, options, DiscreteScheduler.Run.UNPLANNED));
            case LMS ->
                Form.of(
                        LmsScheduler.Options.class,
                        (config, options) -> new LmsScheduler(config, options, DiscreteScheduler.Run.UNPLANNED));
            case HEUN ->
                Form.of(
                        HeunScheduler.Options.class,
                        (config, options) -> new HeunScheduler(config, options, DiscreteScheduler.Run.UNPLANNED));
            case DPM_SOLVER_MULTISTEP ->
                Form.of(
                        DpmSolverMultistepScheduler.Options.class,
                        (config, options) -> new DpmSolverMultistepScheduler(
                                config, options, DiscreteScheduler.Run.UNPLANNED, SigmaPlan.NONE));
            case EULER ->
                Form.of(
                        EulerScheduler.Options.class,
                        (config, options) -> new EulerScheduler(config, options, DiscreteScheduler.Run.UNPLANNED));
            case EULER_ANCESTRAL ->
                Form.of(
                        EulerAncestralScheduler.Options.class,
                        (config, _) -> new EulerAncestralScheduler(config, DiscreteScheduler.Run.UNPLANNED));
            case DDIM ->
                Form.of(
                        DdimScheduler.Options.class,
                        (config, options) -> new DdimScheduler(config, options, DiscreteScheduler.Run.UNPLANNED));
        };
    }

    /**
     * A scheduler as the fields of an object.
     *
     * @throws InvalidRequestException if it is none of this package's
     */
    public static Map<String, Object> write(Scheduler scheduler) {
        if (!(scheduler instanceof DiscreteScheduler own)) {
            throw new InvalidRequestException(
                    "scheduler", scheduler.name(), "one of this library's, which alone can be written as JSON");
        }
        SchedulerType type = SchedulerType.of(own);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("scheduler", type.id());
        fields.put("config", CONFIG.write(own.config()));
        fields.put("options", form(type).write(own.options()));
        DiscreteScheduler.Run run = own.run();
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
        DiscreteScheduler scheduler = form(type).read(CONFIG.read(left.remove("config")), left.remove("options"));
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

    private static SchedulerType type(@Nullable Object name) {
        if (name instanceof String text) {
            return SchedulerType.of(text);
        }
        throw new JsonFormatException("scheduler: " + Json.write(name) + " is no name of a scheduler");
    }

    private static Scheduler planned(DiscreteScheduler scheduler, List<Double> sigmas) {
        if (!(scheduler instanceof SigmaScheduler over)) {
            throw new JsonFormatException("sigmas: " + scheduler.name() + " takes none");
        }
        float[] values = new float[sigmas.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = sigmas.get(i).floatValue();
        }
        return over.withSigmas(values);
    }
}
