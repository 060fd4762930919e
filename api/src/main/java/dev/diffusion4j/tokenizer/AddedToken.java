package dev.diffusion4j.tokenizer;

import java.util.Objects;

/**
 * A place in a text where a word stands that was added to a tokenizer.
 *
 * @param name the word as the tokenizer knows it: composed and in lower case, whatever the text has there
 * @param start where it begins in the text, in {@code char}s
 * @param end where it ends, excluded
 */
public record AddedToken(String name, int start, int end) {

    public AddedToken {
        Objects.requireNonNull(name, "name");
    }
}
