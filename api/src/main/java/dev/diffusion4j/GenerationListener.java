package dev.diffusion4j;

import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.pipeline.DenoisingStep;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.PreviewMode;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What watches a generation. Immutable; each method returns a listener that hears of one thing more. All are called on the
 * model's own thread and should return quickly. An exception from one cancels the generation and reaches the caller. They cannot
 * wait for a generation of the model, nor call its components while native code is at work ({@link IllegalStateException}), but
 * may start generations, cancel and close.
 */
public final class GenerationListener {

    /** Hears of nothing; warnings are logged. */
    public static final GenerationListener NONE =
            new GenerationListener(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /** Which previews are made and who sees them. */
    record Previews(PreviewMode mode, int everySteps, Consumer<? super Preview> listener) {}

    private final Optional<Consumer<? super Progress>> progress;
    private final Optional<Consumer<? super String>> warnings;
    private final Optional<Consumer<? super DenoisingStep>> steps;
    private final Optional<Previews> previews;

    private GenerationListener(
            Optional<Consumer<? super Progress>> progress,
            Optional<Consumer<? super String>> warnings,
            Optional<Consumer<? super DenoisingStep>> steps,
            Optional<Previews> previews) {
        this.progress = progress;
        this.warnings = warnings;
        this.steps = steps;
        this.previews = previews;
    }

    /** Hears of progress. */
    public GenerationListener onProgress(Consumer<? super Progress> listener) {
        return new GenerationListener(Optional.of(listener), warnings, steps, previews);
    }

    /**
     * Hears what was asked for and will not be done, a sentence each; without it that is logged.
     * {@link GeneratedImage#warnings()} has all of it afterwards.
     */
    public GenerationListener onWarning(Consumer<? super String> listener) {
        return new GenerationListener(progress, Optional.of(listener), steps, previews);
    }

    /**
     * Sees each step of the loop in Java, and may change latents and guidance; components of the model can be used meanwhile. A
     * request with the runtime's own sampling is refused with it.
     */
    public GenerationListener onStep(Consumer<? super DenoisingStep> listener) {
        return new GenerationListener(progress, warnings, Optional.of(listener), previews);
    }

    /**
     * Sees previews. A request with a scheduler is refused with it.
     *
     * @param mode how previews are made
     * @param everySteps every so many steps, from 1 to {@value ImageRequest#MAX_STEPS}
     * @param listener called with each
     */
    public GenerationListener onPreview(PreviewMode mode, int everySteps, Consumer<? super Preview> listener) {
        Previews made = new Previews(
                Objects.requireNonNull(mode, "mode"),
                Checks.range("preview.everySteps", everySteps, 1, ImageRequest.MAX_STEPS),
                Objects.requireNonNull(listener, "listener"));
        return new GenerationListener(progress, warnings, steps, Optional.of(made));
    }

    /**
     * Both listeners as one: what both hear of, this one hears first. That is how a decorator of a model listens in.
     *
     * @throws IllegalArgumentException if both see previews, which are made in one way alone
     */
    public GenerationListener and(GenerationListener other) {
        if (previews.isPresent() && other.previews.isPresent()) {
            throw new IllegalArgumentException("both listeners see previews, which are made in one way alone");
        }
        return new GenerationListener(
                both(progress, other.progress),
                both(warnings, other.warnings),
                both(steps, other.steps),
                previews.or(() -> other.previews));
    }

    private static <T> Optional<Consumer<? super T>> both(
            Optional<Consumer<? super T>> one, Optional<Consumer<? super T>> other) {
        if (one.isEmpty() || other.isEmpty()) {
            return one.or(() -> other);
        }
        Consumer<? super T> first = one.get();
        Consumer<? super T> second = other.get();
        return Optional.of(heard -> {
            first.accept(heard);
            second.accept(heard);
        });
    }

    Optional<Consumer<? super Progress>> progress() {
        return progress;
    }

    Optional<Consumer<? super String>> warnings() {
        return warnings;
    }

    Optional<Consumer<? super DenoisingStep>> steps() {
        return steps;
    }

    Optional<Previews> previews() {
        return previews;
    }
}
