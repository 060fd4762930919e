package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import java.util.Objects;

/**
 * A second pass at a larger size: the first picture's latents are enlarged and partly denoised again, which gives
 * large pictures the composition of small ones.
 *
 * @param upscaler how latents (or pixels, for {@code LANCZOS} and {@code NEAREST}) are enlarged
 * @param scale factor on width and height, above 1 and up to 8
 * @param steps steps of the second pass, 0 for as many as the first
 * @param denoisingStrength how much the second pass may change, above 0 and up to 1
 */
public record HighResFix(Upscaler upscaler, double scale, int steps, double denoisingStrength) {

    /** How the first pass is enlarged. */
    public enum Upscaler {
        LATENT,
        LATENT_NEAREST,
        LATENT_NEAREST_EXACT,
        LATENT_ANTIALIASED,
        LATENT_BICUBIC,
        LATENT_BICUBIC_ANTIALIASED,
        LANCZOS,
        NEAREST
    }

    public HighResFix {
        Objects.requireNonNull(upscaler, "upscaler");
        if (!(scale > 1 && scale <= 8)) {
            throw new InvalidRequestException("highResFix.scale", scale, "above 1 and up to 8");
        }
        Checks.range("highResFix.steps", steps, 0, 1000);
        if (!(denoisingStrength > 0 && denoisingStrength <= 1)) {
            throw new InvalidRequestException("highResFix.denoisingStrength", denoisingStrength, "above 0 and up to 1");
        }
    }

    /** Twice the size, bilinear latents, as many steps as the first pass, strength 0.7. */
    public static HighResFix twice() {
        return new HighResFix(Upscaler.LATENT, 2, 0, 0.7);
    }

    /** The same pass with another way in which the first is enlarged. */
    public HighResFix withUpscaler(Upscaler newUpscaler) {
        return new HighResFix(newUpscaler, scale, steps, denoisingStrength);
    }

    /** The same pass with another factor on width and height, above 1 and up to 8. */
    public HighResFix withScale(double newScale) {
        return new HighResFix(upscaler, newScale, steps, denoisingStrength);
    }

    /** The same pass with another number of steps, 0 for as many as the first. */
    public HighResFix withSteps(int newSteps) {
        return new HighResFix(upscaler, scale, newSteps, denoisingStrength);
    }

    /** The same pass with another strength, above 0 and up to 1. */
    public HighResFix withDenoisingStrength(double newDenoisingStrength) {
        return new HighResFix(upscaler, scale, steps, newDenoisingStrength);
    }
}
