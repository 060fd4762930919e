package dev.diffusion4j.cli.options;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model to serve as typed: {@code FILE}, or {@code NAME=FILE}.
 *
 * @param name what clients call it
 * @param file the file, or a name of the hub
 */
public record ModelArgument(String name, Path file) {

    /** Reads it. Without a name it is the file's, without its ending. */
    public static ModelArgument parse(String text) {
        Path whole = Converters.path(text);
        int equals = text.indexOf('=');
        if (equals > 0 && equals < text.length() - 1 && !Files.exists(whole)) {
            return new ModelArgument(text.substring(0, equals), Converters.path(text.substring(equals + 1)));
        }
        return new ModelArgument(nameOf(whole), whole);
    }

    /** A file's name without its ending, in the characters that the name of a model may have. */
    public static String nameOf(Path file) {
        String name = String.valueOf(file.getFileName())
                .replaceFirst("(?i)\\.(safetensors|gguf|ckpt|pt|pth|bin)$", "")
                .replaceAll("[^\\p{Alnum}._+@-]", "-")
                .replaceFirst("^[^\\p{Alnum}]+", "");
        return name.isEmpty() ? "model" : name;
    }
}
