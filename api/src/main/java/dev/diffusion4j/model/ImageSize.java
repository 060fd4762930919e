package dev.diffusion4j.model;

/**
 * A picture's size in pixels.
 *
 * @param width pixels from left to right, at least 1
 * @param height pixels from top to bottom, at least 1
 */
public record ImageSize(int width, int height) {

    /** Refuses sizes below one pixel. */
    public ImageSize {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("a picture is at least 1x1 pixels, not " + width + "x" + height);
        }
    }

    /** A square picture. */
    public static ImageSize square(int side) {
        return new ImageSize(side, side);
    }

    @Override
    public String toString() {
        return width + "x" + height;
    }
}
