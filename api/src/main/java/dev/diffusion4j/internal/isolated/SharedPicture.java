package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.internal.NativeImage;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
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
        int channels = image.getType() == BufferedImage.TYPE_BYTE_GRAY ? 1 : 3;
        return new SharedPicture(offset, image.getWidth(), image.getHeight(), channels);
    }

    static SharedPicture at(long offset, NativeImage image) {
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
        MemorySegment pixels = in(data);
        int[] row = new int[width * channels];
        long position = 0;
        for (int y = 0; y < height; y++) {
            image.getRaster().getPixels(0, y, width, 1, row);
            for (int sample : row) {
                pixels.set(ValueLayout.JAVA_BYTE, position++, (byte) sample);
            }
        }
    }

    BufferedImage toBufferedImage(MemorySegment data) {
        MemorySegment pixels = in(data);
        BufferedImage image = new BufferedImage(
                width, height, channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
        int[] row = new int[width * channels];
        long position = 0;
        for (int y = 0; y < height; y++) {
            for (int i = 0; i < row.length; i++) {
                row[i] = Byte.toUnsignedInt(pixels.get(ValueLayout.JAVA_BYTE, position++));
            }
            image.getRaster().setPixels(0, y, width, 1, row);
        }
        return image;
    }

    /** A copy that outlives the shared memory. */
    NativeImage toNativeImage(MemorySegment data) {
        MemorySegment pixels = in(data);
        MemorySegment copy = Arena.ofAuto().allocate(pixels.byteSize());
        return new NativeImage(width, height, copy.copyFrom(pixels).asReadOnly());
    }
}
