package dev.diffusion4j.internal.image;

import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;

/**
 * A drawn picture on the heap. Nobody changes its pixels once it is made.
 *
 * @param width in pixels
 * @param height in pixels
 * @param rgb 3 bytes a pixel, rows top down
 */
public record RgbImage(int width, int height, byte[] rgb) {

    /** The pixels, read-only. */
    public MemorySegment pixels() {
        return MemorySegment.ofArray(rgb).asReadOnly();
    }

    /** A copy as {@link BufferedImage#TYPE_INT_RGB}. */
    public BufferedImage toBufferedImage() {
        return PixelBuffers.toBufferedImage(pixels(), width, height);
    }
}
