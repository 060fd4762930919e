package dev.diffusion4j.image;

import java.util.Locale;

/**
 * How a picture is brought to a size with another ratio of width to height. Where the ratios agree, all three do the same.
 */
public enum ResizeMode {

    /** Width and height are scaled each by its own factor: all is kept, and distorted. */
    STRETCH,

    /** Scaled by one factor until the size is covered; what lies beyond it on two sides, equally much, is cut off. */
    CROP,

    /** Scaled by one factor until all of it fits, and centred; what is left over on two sides repeats the edge there. */
    FIT;

    /** Such as {@code stretch}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
