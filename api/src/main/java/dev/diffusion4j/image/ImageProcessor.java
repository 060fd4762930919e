package dev.diffusion4j.image;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.image.ArgbRows;
import dev.diffusion4j.internal.image.LanczosFilter;
import java.awt.image.BufferedImage;
import java.util.Objects;

/**
 * Preparation of pictures and masks for a model: 8 bits a channel, no transparency, the size that is drawn. Requests do
 * this with the pictures that they are given. Stateless; safe for use by several threads.
 *
 * <p>Grey values and the entries of palettes are taken as they are, whatever the picture's depth and whether it has an alpha
 * channel: 128 of 255 and 32896 of 65535 are 128. Colours in another colour space than sRGB are converted to it.
 */
public final class ImageProcessor {

    private ImageProcessor() {}

    /**
     * A picture in colour; what is transparent becomes white.
     *
     * @param image of any type
     * @return a picture of type {@link BufferedImage#TYPE_INT_RGB}: the given one if it is of that type, else a new one
     */
    public static BufferedImage toRgb(BufferedImage image) {
        if (image.getType() == BufferedImage.TYPE_INT_RGB) {
            return image;
        }
        int width = image.getWidth();
        BufferedImage result = new BufferedImage(width, image.getHeight(), BufferedImage.TYPE_INT_RGB);
        ArgbRows rows = ArgbRows.of(image);
        int[] row = new int[width];
        for (int y = 0; y < image.getHeight(); y++) {
            rows.read(y, row);
            for (int x = 0; x < width; x++) {
                int argb = row[x];
                int alpha = argb >>> 24;
                row[x] = over(argb >> 16, alpha, 255) << 16 | over(argb >> 8, alpha, 255) << 8 | over(argb, alpha, 255);
            }
            result.getRaster().setDataElements(0, y, width, 1, row);
        }
        return result;
    }

    /**
     * A mask in grey: of colours their luma (ITU-R BT.601); what is transparent becomes black.
     *
     * @param image of any type
     * @return a picture of type {@link BufferedImage#TYPE_BYTE_GRAY}: the given one if it is of that type, else a new one
     */
    public static BufferedImage toMask(BufferedImage image) {
        if (image.getType() == BufferedImage.TYPE_BYTE_GRAY) {
            return image;
        }
        int width = image.getWidth();
        BufferedImage result = new BufferedImage(width, image.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        ArgbRows rows = ArgbRows.of(image);
        int[] row = new int[width];
        byte[] grey = new byte[width];
        for (int y = 0; y < image.getHeight(); y++) {
            rows.read(y, row);
            for (int x = 0; x < width; x++) {
                grey[x] = (byte) over(luma(row[x]), row[x] >>> 24, 0);
            }
            result.getRaster().setDataElements(0, y, width, 1, grey);
        }
        return result;
    }

    /**
     * A mask of a picture as editors cut it out: what is transparent becomes white, what is opaque black. A picture of which
     * nothing is transparent is taken as a mask already, as by {@link #toMask}.
     *
     * @param image of any type
     * @return a picture of type {@link BufferedImage#TYPE_BYTE_GRAY}
     */
    public static BufferedImage toMaskOfTransparency(BufferedImage image) {
        if (!image.getColorModel().hasAlpha()) {
            return toMask(image);
        }
        int width = image.getWidth();
        BufferedImage result = new BufferedImage(width, image.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        ArgbRows rows = ArgbRows.of(image);
        int[] row = new int[width];
        byte[] grey = new byte[width];
        boolean transparent = false;
        for (int y = 0; y < image.getHeight(); y++) {
            rows.read(y, row);
            for (int x = 0; x < width; x++) {
                int alpha = row[x] >>> 24;
                transparent |= alpha < 255;
                grey[x] = (byte) (255 - alpha);
            }
            result.getRaster().setDataElements(0, y, width, 1, grey);
        }
        return transparent ? result : toMask(image);
    }

    /**
     * A picture at another size, by Lanczos' filter over three lobes. Scaling down averages over all pixels; the values are
     * those of Pillow's {@code Image.resize}, which diffusers uses.
     *
     * @param image of type {@link BufferedImage#TYPE_INT_RGB} or {@link BufferedImage#TYPE_BYTE_GRAY}; of others
     *     {@link #toRgb}
     * @param width in pixels, 1 or more
     * @param height in pixels, 1 or more
     * @return a picture of the same type: the given one if it has that size, else a new one
     * @throws InvalidRequestException if a side is below 1
     */
    public static BufferedImage resize(BufferedImage image, int width, int height, ResizeMode mode) {
        Objects.requireNonNull(mode, "mode");
        requirePixels("width", width);
        requirePixels("height", height);
        BufferedImage plain = image.getType() == BufferedImage.TYPE_BYTE_GRAY ? image : toRgb(image);
        int w = plain.getWidth();
        int h = plain.getHeight();
        if (w == width && h == height) {
            return plain;
        }
        return switch (mode) {
            case STRETCH -> LanczosFilter.scale(plain, 0, 0, w, h, width, height);
            case CROP -> {
                // The largest part with the wanted ratio, from the middle.
                double partWidth = Math.min(w, (double) h * width / height);
                double partHeight = Math.min(h, (double) w * height / width);
                yield LanczosFilter.scale(
                        plain, (w - partWidth) / 2, (h - partHeight) / 2, partWidth, partHeight, width, height);
            }
            case FIT -> {
                double factor = Math.min((double) width / w, (double) height / h);
                int fitWidth = Math.clamp(Math.round(w * factor), 1, width);
                int fitHeight = Math.clamp(Math.round(h * factor), 1, height);
                yield centred(LanczosFilter.scale(plain, 0, 0, w, h, fitWidth, fitHeight), width, height);
            }
        };
    }

    private static BufferedImage centred(BufferedImage image, int width, int height) {
        int left = (width - image.getWidth()) / 2;
        int top = (height - image.getHeight()) / 2;
        BufferedImage result = new BufferedImage(width, height, image.getType());
        Object pixel = null;
        for (int y = 0; y < height; y++) {
            int fromY = Math.clamp(y - top, 0, image.getHeight() - 1);
            for (int x = 0; x < width; x++) {
                int fromX = Math.clamp(x - left, 0, image.getWidth() - 1);
                pixel = image.getRaster().getDataElements(fromX, fromY, pixel);
                result.getRaster().setDataElements(x, y, pixel);
            }
        }
        return result;
    }

    private static void requirePixels(String field, int value) {
        if (value < 1) {
            throw new InvalidRequestException(field, value, "1 or more");
        }
    }

    /** A channel on a background, the lowest eight bits of each. */
    private static int over(int channel, int alpha, int background) {
        return ((channel & 0xFF) * alpha + background * (255 - alpha) + 127) / 255;
    }

    private static int luma(int rgb) {
        return ((rgb >> 16 & 0xFF) * 19595 + (rgb >> 8 & 0xFF) * 38470 + (rgb & 0xFF) * 7471 + 0x8000) >> 16;
    }
}
