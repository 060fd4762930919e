package dev.diffusion4j.internal.engine;

import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;

/**
 * What computes for an open upscaler, in this process or in one of its own. Not thread-safe: the owner calls all methods on its
 * {@link EngineThread}.
 */
public interface UpscaleEngine {

    /** What the runtime says of the upscaler. */
    UpscalerInfo info();

    /**
     * Enlarges a picture once. What the observer throws stops the native work and is rethrown.
     *
     * @param image of type INT_RGB
     * @param tileSize pixels of it that are seen at once in each direction
     */
    RgbImage upscale(BufferedImage image, int tileSize, GenerationObserver observer, CancellationFlag cancellation);

    /** Frees the upscaler. */
    void close();
}
