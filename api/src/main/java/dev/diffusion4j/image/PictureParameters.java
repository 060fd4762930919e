package dev.diffusion4j.image;

import java.util.Objects;
import java.util.Optional;

/**
 * What a picture's file says of how the picture was made.
 *
 * @param text prompt, negative prompt and {@code key: value} pairs, as web interfaces write them
 * @param json the same for machines, as this library's generated images have it
 */
public record PictureParameters(String text, Optional<String> json) {

    public PictureParameters {
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(json, "json");
    }
}
