package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.internal.image.PixelBuffers;
import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A picture's place in the shared memory: 8 bits a channel, rows top down.
 *
 * @param channels 3 for red, green and blue, 1 for grey
 */
record SharedPicture(long offset, int width, int height, int channels) {

    /** A picture of type INT_RGB or BYTE_GRAY. */
    static SharedPicture at(long offset, BufferedImage image) {
        return new SharedPicture(offset, image.getWidth(), image.getHeight(), PixelBuffers.channels(image));
    }

    static SharedPicture at(long offset, RgbImage image) {
        return new SharedPicture(offset, image.width(), image.height(), 3);
    }

    /** Where the picture ends. */
    long end() {
        return offset + (long) width * height * channels;
    }

    MemorySegment in(MemorySegment data) {
        return data.asSlice(offset, (long) width * height * channels);
    }

    void write(BufferedImage image, MemorySegment data) {
        PixelBuffers.write(image, in(data));
    }

    BufferedImage toBufferedImage(MemorySegment data) {
        return channels == 1
                ? PixelBuffers.toGrayImage(in(data), width, height)
                : PixelBuffers.toBufferedImage(in(data), width, height);
    }

    /** A copy that outlives the shared memory. */
    RgbImage toRgbImage(MemorySegment data) {
        return new RgbImage(width, height, in(data).toArray(ValueLayout.JAVA_BYTE));
    }
}
