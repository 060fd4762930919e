package dev.diffusion4j.image;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.image.ArgbRows;
import dev.diffusion4j.internal.image.PictureWriter;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/**
 * An input picture: sRGB with alpha, 8 bits each. A copy of what it was made from, which may change afterwards; immutable, equal
 * to pictures of the same pixels, and safe for use by several threads.
 */
public final class Picture {

    private static final String DATA_URL = "data:image/png;base64,";

    private final int width;
    private final int height;
    private final int[] argb;

    private Picture(int width, int height, int[] argb) {
        this.width = width;
        this.height = height;
        this.argb = argb;
    }

    /** A copy of an image of any type. Grey values stay as they are, deeper ones are rounded to 8 bits. */
    public static Picture of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        int[] argb = new int[Math.multiplyExact(width, height)];
        int[] row = new int[width];
        ArgbRows rows = ArgbRows.of(image);
        for (int y = 0; y < height; y++) {
            rows.read(y, row);
            System.arraycopy(row, 0, argb, y * width, width);
        }
        return new Picture(width, height, argb);
    }

    /**
     * Reads what {@link #toDataUrl()} writes.
     *
     * @throws InvalidRequestException if it is something else
     */
    public static Picture ofDataUrl(String url) {
        try {
            if (url.startsWith(DATA_URL)) {
                byte[] png = Base64.getDecoder().decode(url.substring(DATA_URL.length()));
                BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
                if (image != null) {
                    return of(image);
                }
            }
        } catch (IllegalArgumentException | IOException e) {
            // What it is not is said below.
        }
        String shown = url.length() > 40 ? url.substring(0, 40) + "..." : url;
        throw new InvalidRequestException("picture", shown, "a PNG file as " + DATA_URL + "...");
    }

    /** In pixels. */
    public int width() {
        return width;
    }

    /** In pixels. */
    public int height() {
        return height;
    }

    /** The size in pixels. */
    public ImageSize size() {
        return new ImageSize(width, height);
    }

    /** Whether nothing of it is transparent. */
    public boolean isOpaque() {
        for (int pixel : argb) {
            if (pixel >>> 24 != 255) {
                return false;
            }
        }
        return true;
    }

    /** A copy as {@link BufferedImage#TYPE_INT_ARGB}. */
    public BufferedImage toBufferedImage() {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        image.getRaster().setDataElements(0, 0, width, height, argb);
        return image;
    }

    /**
     * The picture as text: a PNG file, encoded in base 64, as a {@code data:} URL.
     *
     * @throws ImageFileException if it cannot be encoded
     */
    public String toDataUrl() {
        return DATA_URL + Base64.getEncoder().encodeToString(PictureWriter.png(toBufferedImage()));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Picture picture
                && width == picture.width
                && height == picture.height
                && Arrays.equals(argb, picture.argb);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * width + height) + Arrays.hashCode(argb);
    }

    /** Such as {@code 512x512 picture}. */
    @Override
    public String toString() {
        return width + "x" + height + " picture";
    }
}
