package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.hub.ModelReference;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A LoRA as typed: {@code style.safetensors}, {@code style.safetensors:0.8} or {@code hf:org/name:0.8}.
 *
 * @param file the LoRA file, or a name that stands for it
 * @param weight its strength
 */
public record LoraArgument(Path file, double weight) {

    private static final Pattern NUMBER = Pattern.compile("[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?");

    private static final Pattern DECIMAL_COMMA = Pattern.compile("[+-]?\\d*,\\d+");

    /**
     * Reads {@code FILE[:WEIGHT]}. What follows the last colon is a weight if it is a number. It is meant as one, too, where
     * the file before the colon exists and the one with it does not.
     */
    public static LoraArgument parse(String text) {
        int colon = text.lastIndexOf(':');
        String weight = text.substring(colon + 1);
        try {
            if (colon <= 0) {
                return new LoraArgument(Path.of(text), 1);
            }
            Path file = Path.of(text.substring(0, colon));
            if (NUMBER.matcher(weight).matches()) {
                return new LoraArgument(file, Double.parseDouble(weight));
            }
            Path whole = Path.of(text);
            boolean meansWeight =
                    DECIMAL_COMMA.matcher(weight).matches() || !ModelReference.isReference(text) && Files.exists(file);
            if (meansWeight && !Files.exists(whole)) {
                throw new InvalidRequestException("lora", text, "FILE or FILE:WEIGHT with a number such as 0.8");
            }
            return new LoraArgument(whole, 1);
        } catch (InvalidPathException e) {
            throw new InvalidRequestException("lora", text, "FILE or FILE:WEIGHT");
        }
    }
}
