package dev.diffusion4j.component;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * A ControlNet of a model by itself (Zhang et al. 2023): reads a control picture, and what the U-Net reads, and gives residuals to be
 * added to the U-Net's skip connections and its middle block. A denoiser takes them as {@link Conditioning#RESIDUALS}:
 *
 * {@snippet :
 * Tensor hint = controlNet.embed(outline);                       // once for a picture
 * Tensor residuals = controlNet.predict(latents, t, prompt, hint); // in each step, for each text
 * residuals.scale(0.8);                                          // its strength
 * unet.predictNoise(latents, t, prompt.with(Conditioning.RESIDUALS, residuals), prediction);
 * }
 *
 * <p>The residuals of several ControlNets are added. Every returned tensor is a new one, and the caller's to close. Safe for use by
 * several threads; calls run one after another on the model's thread.
 */
public interface ControlNet {

    /** The name that the model was opened with. */
    String name();

    /**
     * The hint of a control picture: what it adds behind the first convolution, the same in all steps.
     *
     * @param picture {@code (1, 3, height, width)}, from 0 (black) to 1 (full), sides multiples of 8 times {@link
     *     Denoiser#sizeMultiple()}
     * @return {@code (1, channels, height / 8, width / 8)}
     * @throws InvalidRequestException if the shape is another
     */
    Tensor embed(Tensor picture);

    /** The hint of a control picture of any type, in its own size; transparency is ignored. */
    Tensor embed(BufferedImage picture);

    /**
     * The residuals for latents in a step.
     *
     * @param latents {@code (batch, 4, height, width)}, as the denoiser is given them
     * @param timestep from 0 to below 1000, fractions too
     * @param conditioning of which the context counts
     * @param hint from {@link #embed}, for latents of this size
     * @return {@code (batch, values)}: all residuals of a picture one behind the other, see {@link #residualShapes}
     * @throws InvalidRequestException if a shape or the timestep is out of range
     * @throws dev.diffusion4j.error.NativeFailureException if the computation fails
     */
    Tensor predict(Tensor latents, double timestep, Conditioning conditioning, Tensor hint);

    /**
     * The shapes of the residuals, in order: those of the skip connections from the first to the last, and the middle block's. 13 for
     * Stable Diffusion 1 and 2.
     *
     * @param latents {@code (batch, 4, height, width)}
     */
    List<Shape> residualShapes(Shape latents);
}
