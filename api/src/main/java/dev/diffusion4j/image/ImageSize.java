package dev.diffusion4j.image;

import dev.diffusion4j.error.InvalidRequestException;

/**
 * A picture's size.
 *
 * @param width in pixels, from 1
 * @param height in pixels, from 1
 */
public record ImageSize(int width, int height) {

    public ImageSize {
        if (width < 1 || height < 1) {
            throw new InvalidRequestException("size", width + "x" + height, "at least 1x1");
        }
    }

    /** Such as {@code 512x512}. */
    @Override
    public String toString() {
        return width + "x" + height;
    }
}
