package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.check.Checks;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A second pass at a larger size: the first picture's latents are enlarged and partly denoised again, which gives
 * large pictures the composition of small ones.
 *
 * <p>Where pixels are enlarged, the model's VAE decodes the first pass and encodes the result, and needs an encoder.
 *
 * @param upscaler how latents (or pixels, for {@code LANCZOS} and {@code NEAREST}) are enlarged without an upscaler model
 * @param upscalerModel the file of an upscaler, which enlarges pixels in place of {@code upscaler}: what
 *     {@code dev.diffusion4j.Upscaler} opens. It is read anew for each request. Its pictures are brought from its own scale to the
 *     one asked for by bilinear interpolation
 * @param tileSize pixels of the first pass that an upscaler model sees at once in each direction, 16 to 4096;
 *     without it {@value UpscaleRequest#DEFAULT_TILE_SIZE}
 * @param scale factor on width and height, above 1 and up to 8, without a size
 * @param size of the second pass, in place of the scale: multiples of what the model needs
 * @param steps steps of the second pass, 0 for as many as the first
 * @param denoisingStrength how much the second pass may change, above 0 and up to 1
 */
public record HighResFix(
        Upscaler upscaler,
        Optional<Path> upscalerModel,
        Optional<Integer> tileSize,
        double scale,
        Optional<ImageSize> size,
        int steps,
        double denoisingStrength) {

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
        Objects.requireNonNull(upscalerModel, "upscalerModel");
        Objects.requireNonNull(size, "size");
        tileSize.ifPresent(pixels -> Checks.range(
                "highResFix.tileSize", pixels, UpscaleRequest.MIN_TILE_SIZE, UpscaleRequest.MAX_TILE_SIZE));
        if (!(scale > 1 && scale <= 8)) {
            throw new InvalidRequestException("highResFix.scale", scale, "above 1 and up to 8");
        }
        Checks.range("highResFix.steps", steps, 0, 1000);
        if (!(denoisingStrength > 0 && denoisingStrength <= 1)) {
            throw new InvalidRequestException("highResFix.denoisingStrength", denoisingStrength, "above 0 and up to 1");
        }
    }

    /** Without an upscaler model and a size. */
    public HighResFix(Upscaler upscaler, double scale, int steps, double denoisingStrength) {
        this(upscaler, Optional.empty(), Optional.empty(), scale, Optional.empty(), steps, denoisingStrength);
    }

    /** Twice the size, bilinear latents, as many steps as the first pass, strength 0.7. */
    public static HighResFix twice() {
        return new HighResFix(Upscaler.LATENT, 2, 0, 0.7);
    }

    /** Whether pixels are enlarged, for which the VAE encodes a picture. */
    public boolean enlargesPixels() {
        return upscalerModel.isPresent() || upscaler == Upscaler.LANCZOS || upscaler == Upscaler.NEAREST;
    }

    /** The size of the second pass after a first one of that size, in pixels. */
    public ImageSize sizeAfter(ImageSize first) {
        return size.orElseGet(
                () -> new ImageSize((int) Math.round(first.width() * scale), (int) Math.round(first.height() * scale)));
    }

    /** The same pass with another way in which the first is enlarged without an upscaler model. */
    public HighResFix withUpscaler(Upscaler newUpscaler) {
        return new HighResFix(newUpscaler, upscalerModel, tileSize, scale, size, steps, denoisingStrength);
    }

    /** The same pass with an upscaler model. */
    public HighResFix withUpscalerModel(Path file) {
        return new HighResFix(upscaler, Optional.of(file), tileSize, scale, size, steps, denoisingStrength);
    }

    /** The same pass with other tiles of an upscaler model, 16 to 4096 pixels. */
    public HighResFix withTileSize(int pixels) {
        return new HighResFix(upscaler, upscalerModel, Optional.of(pixels), scale, size, steps, denoisingStrength);
    }

    /** The same pass with another factor on width and height, above 1 and up to 8. */
    public HighResFix withScale(double newScale) {
        return new HighResFix(upscaler, upscalerModel, tileSize, newScale, size, steps, denoisingStrength);
    }

    /** The same pass at a size, in place of a factor. */
    public HighResFix withSize(ImageSize newSize) {
        return new HighResFix(upscaler, upscalerModel, tileSize, scale, Optional.of(newSize), steps, denoisingStrength);
    }

    /** The same pass with another number of steps, 0 for as many as the first. */
    public HighResFix withSteps(int newSteps) {
        return new HighResFix(upscaler, upscalerModel, tileSize, scale, size, newSteps, denoisingStrength);
    }

    /** The same pass with another strength, above 0 and up to 1. */
    public HighResFix withDenoisingStrength(double newDenoisingStrength) {
        return new HighResFix(upscaler, upscalerModel, tileSize, scale, size, steps, newDenoisingStrength);
    }
}
