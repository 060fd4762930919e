package dev.diffusion4j.modelfile;

import java.util.Locale;

/** A kind of work that models do. */
public enum Task {
    /** A picture from a prompt alone. */
    TEXT_TO_IMAGE,
    /** A picture redrawn towards a prompt. */
    IMAGE_TO_IMAGE,
    /** A masked part of a picture redrawn. */
    INPAINT,
    /** A picture drawn by an instruction or a prompt that speaks of reference pictures. */
    EDIT,
    /** A video. */
    VIDEO;

    /** Such as {@code text-to-image}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
