package dev.diffusion4j.component;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;

/**
 * An autoencoder of a model by itself: pictures to latents and back. Pictures have values from -1 to 1, see
 * {@link ImageTensors}.
 *
 * <p>Scaling is explicit, as in diffusers: {@link #encode} gives and {@link #decode} takes the autoencoder's own latents; the
 * denoiser works on {@linkplain #toModelScale scaled} ones.
 *
 * <p>Every returned tensor is a new one, and the caller's to close. Safe for use by several threads; calls run one after
 * another on the model's thread.
 */
public sealed interface Autoencoder permits Vae {

    /** Pixels per latent cell in each direction: 8; 16 for FLUX.2, where two by two of the VAE's own cells are one. */
    int scaleFactor();

    /** Channels of latents: 4 for the U-Net families, 128 for FLUX.2, 16 for the other transformers. */
    int latentChannels();

    /**
     * What latents are multiplied with for the denoiser: 0.18215 for SD 1.x, 0.13025 for SDXL, 1.5305 for Stable Diffusion 3, 0.3611
     * for FLUX.1 and Z-Image, 1 for tiny autoencoders.
     *
     * @throws IllegalStateException if each channel has its own, as those of Qwen-Image and FLUX.2: see {@link #scalingFactors()}
     */
    double scalingFactor();

    /**
     * What is subtracted from latents before they are scaled: 0 for all U-Net families, 0.0609 for Stable Diffusion 3, 0.1159 for
     * FLUX.1 and Z-Image.
     *
     * @throws IllegalStateException if each channel has its own, as those of Qwen-Image and FLUX.2: see {@link #shiftFactors()}
     */
    double shiftFactor();

    /** As {@link #scalingFactor()}, of each channel: one over the standard deviation of its values. */
    float[] scalingFactors();

    /** As {@link #shiftFactor()}, of each channel: the mean of its values. */
    float[] shiftFactors();

    /** Whether pictures can be encoded; some files carry a decoder alone. */
    boolean hasEncoder();

    /**
     * Brings the VAE's latents to the denoiser's scale, in place: {@code (latents - shift) * scaling}.
     *
     * @param latents {@code (batch, latentChannels(), height, width)}
     */
    void toModelScale(Tensor latents);

    /**
     * Brings the denoiser's latents back to the VAE's scale, in place: {@code latents / scaling + shift}.
     *
     * @param latents {@code (batch, latentChannels(), height, width)}
     */
    void fromModelScale(Tensor latents);

    /**
     * Encodes pictures.
     *
     * @param pictures {@code (batch, 3, height, width)}, -1 to 1; sides that are multiples of {@link #scaleFactor()}
     * @return the distribution of their latents, unscaled
     * @throws InvalidRequestException if the shape is another or the model has no encoder
     */
    LatentDistribution encode(Tensor pictures);

    /** As {@link #encode(Tensor)}, in tiles: less memory for large pictures, a little less exact at the seams. */
    LatentDistribution encode(Tensor pictures, VaeTiling tiling);

    /**
     * Decodes latents.
     *
     * @param latents {@code (batch, latentChannels(), height, width)}, unscaled; without an axis of time also for Wan's VAE
     * @return pictures {@code (batch, 3, scaleFactor() * height, scaleFactor() * width)}, about -1 to 1, not clamped
     * @throws InvalidRequestException if the shape is another
     */
    Tensor decode(Tensor latents);

    /** As {@link #decode(Tensor)}, in tiles: less memory for large pictures, a little less exact at the seams. */
    Tensor decode(Tensor latents, VaeTiling tiling);

    /**
     * Decodes one picture's latents into an image.
     *
     * @param latents {@code (1, latentChannels(), height, width)} at the denoiser's scale, as a scheduler leaves them; left as they are
     */
    BufferedImage decodeToImage(Tensor latents);
}
