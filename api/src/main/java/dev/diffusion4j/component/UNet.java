package dev.diffusion4j.component;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Tensor;

/**
 * A model's U-Net by itself: predicts the noise in latents, told how noisy they are and what text they shall become
 * (Rombach et al. 2022).
 *
 * <p>Latents are {@code (batch, 4, height, width)} at the scale that the model was trained with: schedulers bring them
 * there with {@code scaleModelInput}. Height and width must be multiples of {@link #sizeMultiple()}.
 *
 * <p>Safe for use by several threads; calls run one after another on the model's thread. Its working memory is kept from
 * one prediction to the next, until another part or a generation runs. The variants that take a {@code prediction} write
 * there and allocate no memory off the heap; a tensor must not be closed or changed meanwhile.
 */
public non-sealed interface UNet extends Denoiser {

    /** Size of {@link Conditioning#vector()}; 0 for models without, such as SD 1.x. */
    int vectorSize();

    /** As {@link #predictNoise(Tensor, double, Tensor)}, at a scheduler's timestep. */
    Tensor predictNoise(Tensor latents, Timestep timestep, Tensor context);

    /**
     * Predicts for one text.
     *
     * @param latents {@code (batch, 4, height, width)}
     * @param timestep from 0 to 999, fractions too
     * @param context {@code (1 or batch, tokens, 768)}, from a text encoder
     * @return a new tensor of the latents' shape
     * @throws InvalidRequestException if a shape or the timestep is out of range, or the model needs a vector as well
     * @throws NativeFailureException if the computation fails
     */
    Tensor predictNoise(Tensor latents, double timestep, Tensor context);
}
