package dev.diffusion4j.micrometer;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.Progress;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelFamily;
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

    private final String modelName;
    private final ModelFamily family;
    private final String device;
    private final ImageRequest request;
    private final long startedAt;
    private volatile Optional<Duration> waiting = Optional.empty();
    private volatile Optional<Duration> loadingSince = Optional.empty();
    private volatile Duration loading = Duration.ZERO;
    private volatile int steps;
    private volatile int pictures;
    private volatile Optional<Outcome> outcome = Optional.empty();

    GenerationContext(DiffusionModel model, ImageRequest request) {
        modelName = model.name();
        family = model.family();
        device = model.device(ComponentKind.DENOISER);
        this.request = Objects.requireNonNull(request, "request");
        startedAt = System.nanoTime();
    }

    /** The name of the model that draws. */
    public String modelName() {
        return modelName;
    }

    /** The family of the model. */
    public ModelFamily family() {
        return family;
    }

    /** The device that the denoiser runs on. */
    public String device() {
        return device;
    }

    /** What it was asked for. It holds the prompt: take care where that goes. */
    public ImageRequest request() {
        return request;
    }

    /** How long the generation waited for its turn, once that came. */
    public Optional<Duration> waiting() {
        return waiting;
    }

    /** How long the generation read weights that were needed for the first time; zero if all were there. */
    public Duration loading() {
        return loading;
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
        Duration elapsed = progress.elapsed();
        if (waiting.isEmpty()) {
            Duration sinceStart = Duration.ofNanos(System.nanoTime() - startedAt);
            waiting = Optional.of(elapsed.compareTo(sinceStart) < 0 ? sinceStart.minus(elapsed) : Duration.ZERO);
        }
        if (progress.phase() == Progress.Phase.LOADING) {
            loadingSince = loadingSince.or(() -> Optional.of(elapsed));
        } else if (loadingSince.isPresent()) {
            loading = loading.plus(elapsed.minus(loadingSince.get()));
            loadingSince = Optional.empty();
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
