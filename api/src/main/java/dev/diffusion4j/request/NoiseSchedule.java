package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.format.Names;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The native runtime's noise schedules: which noise levels (sigmas) the steps of a {@link Sampler} visit. */
public enum NoiseSchedule {
    DISCRETE("discrete", "Automatic", 1),
    KARRAS("karras", "Karras", 2),
    EXPONENTIAL("exponential", "Exponential", 2),
    AYS("ays", "Align Your Steps", 1),
    GITS("gits", "GITS", 2),
    SGM_UNIFORM("sgm_uniform", "SGM Uniform", 1),
    SIMPLE("simple", "Simple", 1),
    SMOOTHSTEP("smoothstep", "Smoothstep", 1),
    KL_OPTIMAL("kl_optimal", "KL Optimal", 1),
    LCM("lcm", "LCM", 1),
    BONG_TANGENT("bong_tangent", "Bong Tangent", 1),
    LTX2("ltx2", "LTX2", 1);

    private final String id;
    private final String title;
    private final int minimumSteps;

    NoiseSchedule(String id, String title, int minimumSteps) {
        this.id = id;
        this.title = title;
        this.minimumSteps = minimumSteps;
    }

    /** The runtime's own name, such as {@code sgm_uniform}. */
    public String id() {
        return id;
    }

    /** The name that picture metadata carries, such as {@code SGM Uniform}. */
    public String title() {
        return title;
    }

    /** The fewest steps the schedule is defined for. */
    public int minimumSteps() {
        return minimumSteps;
    }

    /**
     * Finds a schedule by the runtime's name, the constant's name or the title, ignoring case, spaces, {@code _} and
     * {@code -}. {@code normal} and {@code uniform}, as other programs call it, are {@link #DISCRETE}.
     *
     * @throws InvalidRequestException if no schedule has that name; the message lists all
     */
    public static NoiseSchedule of(String name) {
        String key = Names.key(name);
        for (NoiseSchedule schedule : values()) {
            if (schedule.keys().anyMatch(key::equals)) {
                return schedule;
            }
        }
        throw new InvalidRequestException(
                "schedule",
                name,
                "one of " + Arrays.stream(values()).map(NoiseSchedule::id).collect(Collectors.joining(", ")));
    }

    /** Its names, as {@link Names#key} makes them. */
    Stream<String> keys() {
        // What other programs call the schedule that follows the model's own time steps.
        Stream<String> others = this == DISCRETE ? Stream.of("normal", "uniform") : Stream.empty();
        return Stream.concat(Stream.of(id, title), others).map(Names::key).distinct();
    }

    @Override
    public String toString() {
        return id;
    }
}
