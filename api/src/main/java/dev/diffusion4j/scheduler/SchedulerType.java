package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The schedulers of this package by name, each with usual options: Stable Diffusion 1.x's, or 3's for flow matching. */
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
    DDIM("ddim", "DDIM", DdimScheduler.class, () -> DdimScheduler.builder().stableDiffusion()),
    /** Euler's method for models of flow matching (Lipman et al. 2022). */
    FLOW_MATCH_EULER("flow-match-euler", "Flow-matching Euler", FlowMatchEulerScheduler.class),
    /** Heun's method for models of flow matching: two model calls a step. */
    FLOW_MATCH_HEUN("flow-match-heun", "Flow-matching Heun", FlowMatchHeunScheduler.class);

    /** What moves the noise levels of Stable Diffusion 3 and Z-Image-Turbo up. */
    private static final double FLOW_SHIFT = 3;

    private final String id;
    private final String title;
    private final Class<? extends PlannedScheduler> implementation;
    private final @Nullable Supplier<DiscreteScheduler.Builder<?>> options;
    private final List<String> otherNames;

    SchedulerType(String id, String title, Class<? extends FlowMatchScheduler> implementation) {
        this(id, title, implementation, null);
    }

    SchedulerType(
            String id,
            String title,
            Class<? extends PlannedScheduler> implementation,
            @Nullable Supplier<DiscreteScheduler.Builder<?>> options,
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
    public Class<? extends PlannedScheduler> implementation() {
        return implementation;
    }

    /**
     * Whether it steps models that predict this.
     *
     * @param prediction what the denoiser predicts
     */
    public boolean isFor(PredictionType prediction) {
        return this == DPM_SOLVER_MULTISTEP || isForFlowAlone() == prediction.isFlow();
    }

    /** Whether it is for models that predict the velocity of flow matching, and for these alone. */
    private boolean isForFlowAlone() {
        return options == null;
    }

    /** A new scheduler with Stable Diffusion 1.x's options, or with 3's if it is for flow matching. */
    public Scheduler create() {
        return create(isForFlowAlone() ? PredictionType.FLOW : PredictionType.EPSILON);
    }

    /**
     * A new scheduler with the usual options for what a model predicts: those of Stable Diffusion 1.x; for {@link
     * PredictionType#FLOW} a shift of 3, as Stable Diffusion 3 and Z-Image-Turbo have it; for the flows of FLUX {@link
     * DynamicShift#FLUX} over the levels of its pipeline where the scheduler knows dynamic shifts.
     *
     * @param prediction what the denoiser predicts, see {@code Denoiser.predictionType()}
     * @throws InvalidRequestException if the scheduler is not for such models; the message names those that are
     */
    public Scheduler create(PredictionType prediction) {
        if (!isFor(prediction)) {
            throw new InvalidRequestException(
                    "scheduler",
                    this,
                    "one for a model that predicts " + prediction + ": "
                            + Arrays.stream(values())
                                    .filter(type -> type.isFor(prediction))
                                    .map(SchedulerType::id)
                                    .collect(Collectors.joining(", ")));
        }
        return prediction.isFlow() || options == null
                ? createForFlow(prediction)
                : options.get().predictionType(prediction).build();
    }

    private Scheduler createForFlow(PredictionType prediction) {
        return switch (this) {
            case FLOW_MATCH_EULER -> {
                FlowMatchEulerScheduler.Builder builder = FlowMatchEulerScheduler.builder();
                yield prediction == PredictionType.FLOW
                        ? builder.shift(FLOW_SHIFT).build()
                        : builder.dynamicShift(DynamicShift.FLUX)
                                .timestepSpacing(TimestepSpacing.TRAILING)
                                .build();
            }
            case FLOW_MATCH_HEUN ->
                FlowMatchHeunScheduler.builder().shift(FLOW_SHIFT).build();
            case DPM_SOLVER_MULTISTEP ->
                DpmSolverMultistepScheduler.builder()
                        .predictionType(PredictionType.FLOW)
                        .useFlowSigmas(true)
                        .flowShift(FLOW_SHIFT)
                        .build();
            case PNDM, LMS, HEUN, EULER, EULER_ANCESTRAL, DDIM -> throw new IllegalStateException("refused before");
        };
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
