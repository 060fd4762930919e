package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A LoRA to apply to one request.
 *
 * @param path the LoRA file
 * @param multiplier its strength in the diffusion model; 1 as trained, negative to invert
 * @param textEncoderMultiplier its strength in the text encoders, likewise
 */
public record Lora(Path path, double multiplier, double textEncoderMultiplier) {

    /** Checks the values. */
    public Lora {
        Objects.requireNonNull(path, "path");
        requireFinite("lora.multiplier", multiplier);
        requireFinite("lora.textEncoderMultiplier", textEncoderMultiplier);
    }

    /**
     * A LoRA with one strength for all parts of the model.
     *
     * @param path the LoRA file
     * @param multiplier its strength; 1 as trained, negative to invert
     */
    public Lora(Path path, double multiplier) {
        this(path, multiplier, multiplier);
    }

    private static void requireFinite(String field, double value) {
        // The runtime computes with floats.
        if (!Float.isFinite((float) value)) {
            throw new InvalidRequestException(field, value, "finite");
        }
    }
}
