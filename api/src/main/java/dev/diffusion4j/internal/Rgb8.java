package dev.diffusion4j.internal;

import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Moves pictures between Java's classes and interleaved 8-bit pixels off the heap, rows top down. */
public final class Rgb8 {

    private Rgb8() {}

    /**
     * @param pixels RGB, 3 bytes a pixel
     * @return a picture of type {@link BufferedImage#TYPE_INT_RGB}
     */
    public static BufferedImage toBufferedImage(MemorySegment pixels, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        byte[] bytes = new byte[3 * width];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            MemorySegment.copy(pixels, ValueLayout.JAVA_BYTE, (long) y * bytes.length, bytes, 0, bytes.length);
            for (int x = 0; x < width; x++) {
                row[x] = Byte.toUnsignedInt(bytes[3 * x]) << 16
                        | Byte.toUnsignedInt(bytes[3 * x + 1]) << 8
                        | Byte.toUnsignedInt(bytes[3 * x + 2]);
            }
            // Not setRGB, which takes each pixel through the colour model.
            image.getRaster().setDataElements(0, y, width, 1, row);
        }
        return image;
    }

    /**
     * Rounds a tensor's picture to 8 bits a channel.
     *
     * @param picture (1, 3, height, width), -1 to 1
     */
    public static NativeImage ofTensor(Tensor picture) {
        int height = (int) picture.shape().dimension(2);
        int width = (int) picture.shape().dimension(3);
        long plane = (long) width * height;
        MemorySegment pixels = Arena.ofAuto().allocate(3 * plane);
        for (long pixel = 0; pixel < plane; pixel++) {
            for (int channel = 0; channel < 3; channel++) {
                float value = (picture.getFlat(channel * plane + pixel) + 1) * 127.5f;
                pixels.set(ValueLayout.JAVA_BYTE, 3 * pixel + channel, (byte) Math.round(Math.clamp(value, 0, 255)));
            }
        }
        return new NativeImage(width, height, pixels.asReadOnly());
    }

    /** Fills the struct with a picture of type INT_RGB, as 3 channels. */
    static void writeRgb(BufferedImage image, MemorySegment struct, Arena arena) {
        int width = image.getWidth();
        int height = image.getHeight();
        MemorySegment pixels = arena.allocate(3L * width * height);
        byte[] bytes = new byte[3 * width];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRaster().getDataElements(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                bytes[3 * x] = (byte) (row[x] >> 16);
                bytes[3 * x + 1] = (byte) (row[x] >> 8);
                bytes[3 * x + 2] = (byte) row[x];
            }
            MemorySegment.copy(bytes, 0, pixels, ValueLayout.JAVA_BYTE, (long) y * bytes.length, bytes.length);
        }
        fill(struct, width, height, 3, pixels);
    }

    /** Fills the struct with a picture of type BYTE_GRAY, as 1 channel. */
    static void writeGray(BufferedImage image, MemorySegment struct, Arena arena) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] gray = (byte[]) image.getRaster().getDataElements(0, 0, width, height, null);
        MemorySegment pixels = arena.allocate(gray.length);
        MemorySegment.copy(gray, 0, pixels, ValueLayout.JAVA_BYTE, 0, gray.length);
        fill(struct, width, height, 1, pixels);
    }

    private static void fill(MemorySegment struct, int width, int height, int channels, MemorySegment pixels) {
        sd_image_t.width(struct, width);
        sd_image_t.height(struct, height);
        sd_image_t.channel(struct, channels);
        sd_image_t.data(struct, pixels);
    }
}
