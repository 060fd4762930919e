package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * A textual inversion as typed: {@code name=file}.
 *
 * @param name the word that stands for it in prompts
 * @param file the embedding file, or a name that stands for it
 */
public record EmbeddingArgument(String name, Path file) {

    /** Reads {@code NAME=FILE}. */
    public static EmbeddingArgument parse(String text) {
        int equals = text.indexOf('=');
        if (equals > 0 && equals < text.length() - 1) {
            try {
                return new EmbeddingArgument(text.substring(0, equals), Path.of(text.substring(equals + 1)));
            } catch (InvalidPathException e) {
                // Said below.
            }
        }
        throw new InvalidRequestException("embedding", text, "NAME=FILE");
    }
}
