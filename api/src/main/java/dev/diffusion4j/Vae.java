package dev.diffusion4j;

import dev.diffusion4j.internal.ModelInfo;
import dev.diffusion4j.internal.PartsInfo;
import dev.diffusion4j.internal.Watch;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.Optional;

/**
 * A model's variational autoencoder by itself: pictures {@code (batch, 3, 512, 512)} to latents {@code (batch, 4, 64, 64)}
 * and back (Kingma and Welling 2013; Rombach et al. 2022). Pictures have values from -1 to 1, see {@link ImageTensors}.
 *
 * <p>Scaling is explicit, as in diffusers: {@link #encode} gives and {@link #decode} takes the VAE's own latents; the U-Net
 * works on {@linkplain #toModelScale scaled} ones.
 *
 * <p>Every returned tensor is a new one, and the caller's to close. Safe for use by several threads; calls run one after
 * another on the model's thread.
 */
public final class Vae {

    private final PartCalls calls;
    private final PartsInfo parts;
    private final ModelInfo model;

    Vae(PartCalls calls, ModelInfo model) {
        this.calls = calls;
        this.parts = calls.info();
        this.model = model;
    }

    /** Pixels per latent cell in each direction: 8. */
    public int scaleFactor() {
        return model.vaeScaleFactor();
    }

    /** Channels of latents: 4. */
    public int latentChannels() {
        return model.latentChannels();
    }

    /** What latents are multiplied with for the U-Net: 0.18215 for SD 1.x, 0.13025 for SDXL, 1 for tiny autoencoders. */
    public double scalingFactor() {
        return parts.scaling();
    }

    /** What is subtracted from latents before they are scaled: 0 for all U-Net families. */
    public double shiftFactor() {
        return parts.shift();
    }

    /** Whether pictures can be encoded; some files carry a decoder alone. */
    public boolean hasEncoder() {
        return model.hasVaeEncoder();
    }

    /** Brings the VAE's latents to the U-Net's scale, in place: {@code (latents - shift) * scaling}. */
    public void toModelScale(Tensor latents) {
        shift(latents, -shiftFactor());
        latents.scale(scalingFactor());
    }

    /** Brings the U-Net's latents back to the VAE's scale, in place: {@code latents / scaling + shift}. */
    public void fromModelScale(Tensor latents) {
        latents.scale(1 / scalingFactor());
        shift(latents, shiftFactor());
    }

    private static void shift(Tensor latents, double by) {
        if (by != 0) {
            for (long i = 0; i < latents.size(); i++) {
                latents.setFlat(i, (float) (latents.getFlat(i) + by));
            }
        }
    }

    /**
     * Encodes pictures.
     *
     * @param pictures {@code (batch, 3, height, width)}, -1 to 1; sides that are multiples of {@link #scaleFactor()}
     * @return the distribution of their latents, unscaled
     * @throws InvalidRequestException if the shape is another or the model has no encoder
     */
    public LatentDistribution encode(Tensor pictures) {
        return encode(pictures, Optional.empty());
    }

    /** As {@link #encode(Tensor)}, in tiles: less memory for large pictures, a little less exact at the seams. */
    public LatentDistribution encode(Tensor pictures, VaeTiling tiling) {
        return encode(pictures, Optional.of(tiling));
    }

    private LatentDistribution encode(Tensor pictures, Optional<VaeTiling> tiling) {
        return encode(pictures, tiling, Watch.NONE);
    }

    LatentDistribution encode(Tensor pictures, Optional<VaeTiling> tiling, Watch watch) {
        if (!hasEncoder()) {
            throw new InvalidRequestException("pictures", "given", "absent: this model's VAE has no encoder");
        }
        Shape shape = pictures.shape();
        int factor = scaleFactor();
        boolean fits = shape.rank() == 4
                && shape.dimension(1) == 3
                && shape.dimension(2) % factor == 0
                && shape.dimension(3) % factor == 0;
        if (!fits) {
            throw new InvalidRequestException(
                    "pictures", shape, "(batch, 3, height, width) with sides that are multiples of " + factor);
        }
        Shape latents = Shape.of(
                shape.dimension(0), parts.momentChannels(), shape.dimension(2) / factor, shape.dimension(3) / factor);
        Tensor moments = calls.fill(
                Tensor.zeros(latents),
                (nativeParts, result) -> nativeParts.encodePictures(pictures, tiling, watch, result));
        return new LatentDistribution(moments, latentChannels());
    }

    /**
     * Decodes latents.
     *
     * @param latents {@code (batch, 4, height, width)}, unscaled
     * @return pictures {@code (batch, 3, 8 * height, 8 * width)}, about -1 to 1, not clamped
     * @throws InvalidRequestException if the shape is another
     */
    public Tensor decode(Tensor latents) {
        return decode(latents, Optional.empty(), Watch.NONE);
    }

    /** As {@link #decode(Tensor)}, in tiles: less memory for large pictures, a little less exact at the seams. */
    public Tensor decode(Tensor latents, VaeTiling tiling) {
        return decode(latents, Optional.of(tiling), Watch.NONE);
    }

    Tensor decode(Tensor latents, Optional<VaeTiling> tiling, Watch watch) {
        Shape shape = latents.shape();
        if (shape.rank() != 4 || shape.dimension(1) != latentChannels()) {
            throw new InvalidRequestException("latents", shape, "(batch, " + latentChannels() + ", height, width)");
        }
        int factor = scaleFactor();
        Shape pictures = Shape.of(shape.dimension(0), 3, shape.dimension(2) * factor, shape.dimension(3) * factor);
        return calls.fill(
                Tensor.zeros(pictures),
                (nativeParts, result) -> nativeParts.decodeLatents(latents, tiling, watch, result));
    }

    /**
     * Decodes one picture's latents into an image.
     *
     * @param latents {@code (1, 4, height, width)} at the U-Net's scale, as a scheduler leaves them; left as they are
     */
    public BufferedImage decodeToImage(Tensor latents) {
        try (Tensor unscaled = latents.copy()) {
            fromModelScale(unscaled);
            try (Tensor picture = decode(unscaled)) {
                return ImageTensors.toImage(picture);
            }
        }
    }
}
