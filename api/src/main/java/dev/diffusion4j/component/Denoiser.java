package dev.diffusion4j.component;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.Tensor;

/**
 * A denoiser of a model by itself: predicts the noise in latents, or what else the model was trained to predict, told how noisy
 * they are and what they shall become.
 *
 * <p>Latents are {@code (batch, channels, height, width)} at the scale that the model was trained with: schedulers bring them
 * there with {@code scaleModelInput}. Safe for use by several threads; calls run one after another on the model's thread. A
 * tensor must not be closed or changed meanwhile.
 */
public sealed interface Denoiser permits UNet, DiffusionTransformer {

    /** Channels of the latents: 4 for a U-Net, 16 or 128 for a transformer. */
    int latentChannels();

    /** Channels it takes: those of the latents, and for inpainting models mask and masked latents. */
    int inChannels();

    /** Width of the context that it attends to: 768 for SD 1.x, 4096 for FLUX.1. */
    int contextSize();

    /** Height and width of latents must be multiples of this many cells. */
    int sizeMultiple();

    /** What a prediction stands for; tell the scheduler. */
    PredictionType predictionType();

    /**
     * Predicts for one text into a tensor.
     *
     * @param latents {@code (batch, latentChannels(), height, width)}
     * @param timestep from 0 to below 1000, for a transformer to 1000, fractions too
     * @param conditioning what the latents shall become
     * @param prediction of the latents' shape; written
     * @throws InvalidRequestException if a shape or the timestep is out of range
     */
    void predictNoise(Tensor latents, double timestep, Conditioning conditioning, Tensor prediction);

    /**
     * Predicts with classifier-free guidance (Ho and Salimans 2022): {@code negative + scale * (positive - negative)}.
     *
     * @param latents {@code (batch, latentChannels(), height, width)}
     * @param timestep from 0 to below 1000, for a transformer to 1000, fractions too
     * @param positive what the latents shall become
     * @param negative what they shall not become, usually an empty text; its context may have another length
     * @param guidanceScale 1 for the positive prediction alone; usually 7.5
     * @param prediction of the latents' shape; written
     * @throws InvalidRequestException if a shape, the timestep or the scale is out of range
     */
    void predictGuidedNoise(
            Tensor latents,
            double timestep,
            Conditioning positive,
            Conditioning negative,
            double guidanceScale,
            Tensor prediction);
}
