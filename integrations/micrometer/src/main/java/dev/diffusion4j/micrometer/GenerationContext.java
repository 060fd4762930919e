package dev.diffusion4j.micrometer;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.Progress;
import dev.diffusion4j.request.ImageRequest;
import io.micrometer.observation.Observation;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What the observation of a generation knows of it. It is filled while the generation runs; safe for use by several threads.
 */
public final class GenerationContext extends Observation.Context {

    /** How a generation ended. */
    public enum Outcome {
        /** It made its pictures. */
        SUCCESS,
        /** It was cancelled, or somebody gave up waiting for it. */
        CANCELLED,
        /** The model refused it: the request was invalid, the queue full, or the model closed. Nothing was computed. */
        REFUSED,
        /** It failed. */
        ERROR
    }

    private final DiffusionModel model;
    private final ImageRequest request;
    private final long startedAt = System.nanoTime();
    private volatile Optional<Duration> waiting = Optional.empty();
    private volatile int steps;
    private volatile int pictures;
    private volatile Optional<Outcome> outcome = Optional.empty();

    GenerationContext(DiffusionModel model, ImageRequest request) {
        this.model = Objects.requireNonNull(model, "model");
        this.request = Objects.requireNonNull(request, "request");
    }

    /** The model that draws. */
    public DiffusionModel model() {
        return model;
    }

    /** What it was asked for. It holds the prompt: take care where that goes. */
    public ImageRequest request() {
        return request;
    }

    /** How long the generation waited for its turn, once that came. */
    public Optional<Duration> waiting() {
        return waiting;
    }

    /** How many denoising steps were done so far, over all pictures. */
    public int steps() {
        return steps;
    }

    /** How many pictures were made: 0 until the end. */
    public int pictures() {
        return pictures;
    }

    /** How the generation ended, once it has. */
    public Optional<Outcome> outcome() {
        return outcome;
    }

    /** On the model's thread alone. */
    void progressed(Progress progress) {
        if (waiting.isEmpty()) {
            waiting = Optional.of(Duration.ofNanos(System.nanoTime() - startedAt));
        }
        if (progress.phase() == Progress.Phase.SAMPLING && progress.step() > 0) {
            steps++;
        }
    }

    void ended(Outcome how, int madePictures) {
        pictures = madePictures;
        outcome = Optional.of(how);
    }
}
