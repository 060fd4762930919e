package dev.diffusion4j.cli.options;

import dev.diffusion4j.InvalidRequestException;
import dev.diffusion4j.StableDiffusionOptions;
import dev.diffusion4j.StableDiffusionOptions.ModelPart;
import java.util.Locale;
import java.util.Optional;

/**
 * A device as typed: {@code cuda0} for the whole model, {@code vae=cpu} for a part.
 *
 * @param part the part, or empty for all
 * @param device the device's name
 */
public record BackendChoice(Optional<ModelPart> part, String device) {

    /** Reads {@code [PART=]DEVICE}. */
    public static BackendChoice parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 0) {
            return new BackendChoice(Optional.empty(), text);
        }
        ModelPart part = switch (text.substring(0, equals).toLowerCase(Locale.ROOT)) {
            case "diffusion", "unet" -> ModelPart.DIFFUSION_MODEL;
            case "te", "clip", "text-encoder" -> ModelPart.TEXT_ENCODER;
            case "vae" -> ModelPart.VAE;
            default ->
                throw new InvalidRequestException(
                        "backend", text, "DEVICE, diffusion=DEVICE, text-encoder=DEVICE or vae=DEVICE");
        };
        return new BackendChoice(Optional.of(part), text.substring(equals + 1));
    }

    void applyTo(StableDiffusionOptions options) {
        if (part.isPresent()) {
            options.backend(part.get(), device);
        } else {
            options.backend(device);
        }
    }
}
