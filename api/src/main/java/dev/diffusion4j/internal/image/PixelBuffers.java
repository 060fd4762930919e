package dev.diffusion4j.internal.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Moves pictures between Java's classes, planes of floats and interleaved 8-bit pixels, rows top down. */
public final class PixelBuffers {

    private static final VarHandle FOUR_BYTES = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private PixelBuffers() {}

    /**
     * @param pixels RGB, 3 bytes a pixel
     * @return a picture of type {@link BufferedImage#TYPE_INT_RGB}
     */
    public static BufferedImage toBufferedImage(MemorySegment pixels, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        // Not setRGB, which takes each pixel through the colour model, nor the raster, which copies once more.
        int[] argb = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
        byte[] bytes = new byte[3 * width + 1];
        for (int y = 0; y < height; y++) {
            MemorySegment.copy(pixels, ValueLayout.JAVA_BYTE, 3L * y * width, bytes, 0, 3 * width);
            for (int x = 0; x < width; x++) {
                // Red, green, blue, and the next pixel's red.
                argb[y * width + x] = (int) FOUR_BYTES.get(bytes, 3 * x) >>> 8;
            }
        }
        return image;
    }

    /**
     * @param pixels 1 byte a pixel
     * @return a picture of type {@link BufferedImage#TYPE_BYTE_GRAY}
     */
    public static BufferedImage toGrayImage(MemorySegment pixels, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setDataElements(0, 0, width, height, pixels.toArray(ValueLayout.JAVA_BYTE));
        return image;
    }

    /** How many bytes a pixel takes of a picture of type INT_RGB or BYTE_GRAY. */
    public static int channels(BufferedImage image) {
        return image.getType() == BufferedImage.TYPE_BYTE_GRAY ? 1 : 3;
    }

    /** Writes the pixels of a picture of type INT_RGB or BYTE_GRAY. */
    public static void write(BufferedImage image, MemorySegment pixels) {
        int width = image.getWidth();
        int height = image.getHeight();
        if (channels(image) == 1) {
            byte[] gray = (byte[]) image.getRaster().getDataElements(0, 0, width, height, null);
            MemorySegment.copy(gray, 0, pixels, ValueLayout.JAVA_BYTE, 0, gray.length);
            return;
        }
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
    }

    /**
     * Rounds one of several pictures of floats to 8 bits a channel. NaN is black.
     *
     * @param pictures float32 (batch, 3, height, width), -1 to 1
     */
    public static RgbImage ofPlanes(MemorySegment pictures, long index, int width, int height) {
        int plane = Math.multiplyExact(width, height);
        byte[] rgb = new byte[Math.multiplyExact(3, plane)];
        float[] row = new float[width];
        for (int channel = 0; channel < 3; channel++) {
            for (int y = 0; y < height; y++) {
                long from = (3 * index + channel) * plane + (long) y * width;
                MemorySegment.copy(pictures, ValueLayout.JAVA_FLOAT, from * Float.BYTES, row, 0, row.length);
                for (int x = 0; x < width; x++) {
                    rgb[3 * (y * width + x) + channel] = (byte) Math.round(Math.clamp((row[x] + 1) * 127.5f, 0, 255));
                }
            }
        }
        return new RgbImage(width, height, rgb);
    }

    /** A copy of a picture of any type, whose transparency is ignored. */
    public static RgbImage copyOf(BufferedImage image) {
        int width = image.getWidth();
        byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, image.getHeight()))];
        ArgbRows rows = ArgbRows.of(image);
        int[] row = new int[width];
        for (int y = 0; y < image.getHeight(); y++) {
            rows.read(y, row);
            for (int x = 0; x < width; x++) {
                int at = 3 * (y * width + x);
                rgb[at] = (byte) (row[x] >> 16);
                rgb[at + 1] = (byte) (row[x] >> 8);
                rgb[at + 2] = (byte) row[x];
            }
        }
        return new RgbImage(width, image.getHeight(), rgb);
    }

    /**
     * Writes a picture, whose transparency is ignored, as one of several of floats.
     *
     * @param image of any type
     * @param pictures float32 (batch, 3, height, width) of the image's size, -1 to 1
     */
    public static void writePlanes(BufferedImage image, MemorySegment pictures, long index) {
        int width = image.getWidth();
        int height = image.getHeight();
        long plane = (long) width * height;
        ArgbRows rows = ArgbRows.of(image);
        int[] pixels = new int[width];
        float[] row = new float[width];
        for (int y = 0; y < height; y++) {
            rows.read(y, pixels);
            for (int channel = 0; channel < 3; channel++) {
                for (int x = 0; x < width; x++) {
                    row[x] = (pixels[x] >> 16 - 8 * channel & 0xFF) / 127.5f - 1;
                }
                long to = (3 * index + channel) * plane + (long) y * width;
                MemorySegment.copy(row, 0, pictures, ValueLayout.JAVA_FLOAT, to * Float.BYTES, row.length);
            }
        }
    }
}
