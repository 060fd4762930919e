package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The schedulers of this package by name, each with Stable Diffusion 1.x's options. */
public enum SchedulerType {
    /** Pseudo numerical methods (Liu et al. 2022), Stable Diffusion's original default. */
    PNDM(
            "pndm",
            "PNDM",
            PndmScheduler.class,
            () -> PndmScheduler.builder().stableDiffusion().skipPrkSteps(true)),
    /** Linear multistep, after Katherine Crowson; also known as K-LMS. */
    LMS("lms", "LMS", LmsScheduler.class, () -> LmsScheduler.builder().stableDiffusion(), "k-lms"),
    /** Heun's method (Karras et al. 2022, algorithm 2): two model calls a step. */
    HEUN("heun", "Heun", HeunScheduler.class, () -> HeunScheduler.builder().stableDiffusion()),
    /** DPM-Solver++ multistep (Lu et al. 2022), second order; 20 to 25 steps are enough. */
    DPM_SOLVER_MULTISTEP(
            "dpm-solver-multistep",
            "DPM-Solver++ multistep",
            DpmSolverMultistepScheduler.class,
            () -> DpmSolverMultistepScheduler.builder().stableDiffusion(),
            "dpm-solver++",
            "dpm++2m"),
    /** Euler's method (Karras et al. 2022). */
    EULER("euler", "Euler", EulerScheduler.class, () -> EulerScheduler.builder().stableDiffusion()),
    /** Euler's method with fresh noise in each step. */
    EULER_ANCESTRAL(
            "euler-ancestral",
            "Euler ancestral",
            EulerAncestralScheduler.class,
            () -> EulerAncestralScheduler.builder().stableDiffusion(),
            "euler-a"),
    /** Denoising diffusion implicit models (Song et al. 2020). */
    DDIM("ddim", "DDIM", DdimScheduler.class, () -> DdimScheduler.builder().stableDiffusion());

    private final String id;
    private final String title;
    private final Class<? extends DiscreteScheduler> implementation;
    private final Supplier<DiscreteScheduler.Builder<?>> options;
    private final List<String> otherNames;

    SchedulerType(
            String id,
            String title,
            Class<? extends DiscreteScheduler> implementation,
            Supplier<DiscreteScheduler.Builder<?>> options,
            String... otherNames) {
        this.id = id;
        this.title = title;
        this.implementation = implementation;
        this.options = options;
        this.otherNames = List.of(otherNames);
    }

    /** The name on the command line, such as {@code pndm}. */
    public String id() {
        return id;
    }

    /** The name that picture metadata carries, such as {@code PNDM}. */
    public String title() {
        return title;
    }

    /** The class that implements it. */
    public Class<? extends DiscreteScheduler> implementation() {
        return implementation;
    }

    /** A new scheduler with Stable Diffusion 1.x's options. */
    public Scheduler create() {
        return create(PredictionType.EPSILON);
    }

    /**
     * A new scheduler with Stable Diffusion's options for a model that predicts something else than noise.
     *
     * @param prediction what the U-Net predicts, see {@code UNet.predictionType()}
     */
    public Scheduler create(PredictionType prediction) {
        DiscreteScheduler.Builder<?> builder = options.get();
        return builder.predictionType(prediction).build();
    }

    /** The type of a scheduler. */
    public static SchedulerType of(Scheduler scheduler) {
        return Arrays.stream(values())
                .filter(type -> type.implementation.isInstance(scheduler))
                .findFirst()
                .orElseThrow(() -> new InvalidRequestException(
                        "scheduler", scheduler.getClass().getSimpleName(), "one of this library's"));
    }

    /**
     * Finds a scheduler by its name, ignoring case, spaces, {@code _} and {@code -} and with {@code pp} for {@code ++};
     * diffusers' class names are understood too.
     *
     * @throws InvalidRequestException if no scheduler has that name; the message lists all
     */
    public static SchedulerType of(String name) {
        String key = key(name);
        return Arrays.stream(values())
                .filter(type -> type.names().map(SchedulerType::key).anyMatch(key::equals))
                .findFirst()
                .orElseThrow(() -> new InvalidRequestException(
                        "scheduler",
                        name,
                        "one of "
                                + Arrays.stream(values()).map(SchedulerType::id).collect(Collectors.joining(", "))));
    }

    private Stream<String> names() {
        String className = implementation.getSimpleName();
        return Stream.concat(Stream.of(id, title, name(), className), otherNames.stream());
    }

    private static String key(String name) {
        return name.strip()
                .toLowerCase(Locale.ROOT)
                .replace("++", "pp")
                .replaceAll("[\\s_-]", "")
                .replaceAll("(discrete)?scheduler$", "");
    }

    @Override
    public String toString() {
        return id;
    }
}
