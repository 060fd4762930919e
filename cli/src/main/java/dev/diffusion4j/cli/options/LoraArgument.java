package dev.diffusion4j.cli.options;

import dev.diffusion4j.InvalidRequestException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A LoRA as typed: {@code style.safetensors} or {@code style.safetensors:0.8}.
 *
 * @param file the LoRA file
 * @param weight its strength
 */
public record LoraArgument(Path file, double weight) {

    private static final Pattern FORM = Pattern.compile("(.+):([+-]?(?:\\d+\\.?\\d*|\\.\\d+))");

    /** Reads {@code FILE[:WEIGHT]}. What follows the last colon is a weight if it is a number. */
    public static LoraArgument parse(String text) {
        Matcher matcher = FORM.matcher(text);
        try {
            return matcher.matches()
                    ? new LoraArgument(Path.of(matcher.group(1)), Double.parseDouble(matcher.group(2)))
                    : new LoraArgument(Path.of(text), 1);
        } catch (InvalidPathException e) {
            throw new InvalidRequestException("lora", text, "FILE or FILE:WEIGHT");
        }
    }
}
