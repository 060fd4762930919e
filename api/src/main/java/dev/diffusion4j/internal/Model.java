package dev.diffusion4j.internal;

import dev.diffusion4j.GenerationParameters;
import java.util.List;

/**
 * An open model, in this process or in one of its own. Not thread-safe: the owner calls all methods on its
 * {@link ModelThread}.
 */
public interface Model {

    /** What the runtime says of the model. */
    ModelInfo info();

    /** The parts, which can be used as long as the model is open. */
    Parts parts();

    /**
     * Draws pictures. An exception from the observer stops the native work and is rethrown.
     *
     * @return one picture per image of the batch
     */
    List<RgbImage> generate(
            GenerationParameters parameters,
            GenerationInputs inputs,
            GenerationObserver observer,
            CancellationFlag cancellation);

    /** Frees the model. */
    void close();
}
