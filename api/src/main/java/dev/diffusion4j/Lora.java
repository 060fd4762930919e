package dev.diffusion4j;

import java.nio.file.Path;

/**
 * A LoRA to apply to one request.
 *
 * @param path the LoRA file
 * @param multiplier its strength; 1 as trained, negative to invert
 */
public record Lora(Path path, double multiplier) {

    public Lora {
        if (path == null) {
            throw new NullPointerException("path");
        }
        if (!Double.isFinite(multiplier)) {
            throw new InvalidRequestException("lora.multiplier", multiplier, "finite");
        }
    }
}
