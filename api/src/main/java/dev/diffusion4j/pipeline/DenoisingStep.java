package dev.diffusion4j.pipeline;

import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Tensor;
import java.util.Objects;

/**
 * A step of the loop over a {@link dev.diffusion4j.scheduler.Scheduler} that has just ended, as
 * a listener of the generation sees it. Valid during the call only, on the model's thread; parts of the model may be
 * used meanwhile, for instance to decode the latents.
 */
public final class DenoisingStep {

    private final int image;
    private final int index;
    private final int count;
    private final Timestep timestep;
    private final Tensor latents;
    private final Tensor prediction;
    private double guidanceScale;

    /** A step as a loop shows it. */
    public DenoisingStep(
            int image,
            int index,
            int count,
            Timestep timestep,
            Tensor latents,
            Tensor prediction,
            double guidanceScale) {
        this.image = image;
        this.index = index;
        this.count = count;
        this.timestep = Objects.requireNonNull(timestep, "timestep");
        this.latents = Objects.requireNonNull(latents, "latents");
        this.prediction = Objects.requireNonNull(prediction, "prediction");
        this.guidanceScale = guidanceScale;
    }

    /** The image of the batch, from 0. */
    public int image() {
        return image;
    }

    /** The model call that ended, from 0. */
    public int index() {
        return index;
    }

    /** How many model calls the loop makes for an image. */
    public int count() {
        return count;
    }

    /** The timestep that the model was called with. */
    public Timestep timestep() {
        return timestep;
    }

    /** The latents after the step, {@code (1, 4, height, width)}: what is written here is what the next step starts from. */
    public Tensor latents() {
        return latents;
    }

    /** The prediction that the step was made with, guidance applied. */
    public Tensor prediction() {
        return prediction;
    }

    /** The guidance scale of the next step. */
    public double guidanceScale() {
        return guidanceScale;
    }

    /** Changes the guidance scale of all further steps of this image, 0 to 100; 1 is without guidance. */
    public void guidanceScale(double scale) {
        guidanceScale = Checks.range("guidanceScale", scale, 0, 100);
    }
}
