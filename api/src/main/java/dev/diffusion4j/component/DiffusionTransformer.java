package dev.diffusion4j.component;

/**
 * A model's diffusion transformer by itself (Peebles and Xie 2022; Esser et al. 2024): predicts the velocity from the clean
 * latents to the noise, told how noisy they are and what text they shall become. That of Stable Diffusion 3, FLUX.1, FLUX.2
 * klein, Z-Image or Qwen-Image.
 *
 * <p>Latents are {@code (batch, 16, height, width)}, for FLUX.2 {@code (batch, 128, height, width)}, in which two by two of its
 * VAE's cells are one. A timestep is the noise level times 1000, from 0 to 1000, whatever unit the transformer itself is told it
 * in; a prediction of {@code predictNoise} is the velocity {@code noise - x0}, so that x0 is {@code latents - timestep / 1000 *
 * prediction}. diffusers' modules have the opposite sign for Z-Image.
 *
 * <p>A {@link Conditioning} has a {@linkplain Conditioning#context() context}, {@code (1 or batch, tokens, contextSize())}; for
 * Stable Diffusion 3 and FLUX.1 a {@linkplain Conditioning#vector() vector}, {@code (1, vectorSize())}; and where the model
 * {@linkplain #takesGuidance() takes} one, a {@linkplain Conditioning#guidance() guidance}, {@code (1)}, of which the positive
 * conditioning's counts. There is no mask: texts are as long as they are, or filled up as the family was trained.
 *
 * <p>Safe for use by several threads; calls run one after another on the model's thread. Its working memory is kept from one
 * prediction to the next, until another part or a generation runs. Predictions write into a tensor of the caller's and allocate
 * no memory off the heap; a tensor must not be closed or changed meanwhile.
 */
public non-sealed interface DiffusionTransformer extends Denoiser {

    /** Size of {@link Conditioning#vector()}: 2048 for Stable Diffusion 3, 768 for FLUX.1, 0 for models without. */
    int vectorSize();

    /** Latent cells in each direction that it sees as one token: 2, and 1 for FLUX.2. */
    int patchSize();

    /** Whether it was distilled with guidance, and is told its scale: FLUX.1 dev. */
    boolean takesGuidance();

    /**
     * How many tokens it sees latents as, for {@link dev.diffusion4j.scheduler.Scheduler#withImageSeqLen}.
     *
     * @param height of the latents, from 1
     * @param width of the latents, from 1
     */
    default int imageSeqLen(int height, int width) {
        return Math.ceilDiv(height, patchSize()) * Math.ceilDiv(width, patchSize());
    }
}
