package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;

/**
 * Turns a model's predictions into steps from noise to a picture. See the {@linkplain dev.diffusion4j.scheduler package}
 * for the loop. Those of this package are not all that can be used: a request takes any implementation.
 *
 * <p>The {@code with} methods return new schedulers and change nothing. A scheduler that steps remembers earlier model
 * outputs, so one object serves one loop at a time, on one thread at a time. Starting again at the first timestep
 * forgets what was remembered. The first step takes memory for that; no later step allocates any.
 */
public interface Scheduler {

    /**
     * The name that the report of a picture carries. The simple name of the class unless a scheduler says otherwise; a class
     * without one is named after the class around it, such as {@code Example$1}.
     */
    default String name() {
        String simpleName = getClass().getSimpleName();
        String binaryName = getClass().getName();
        return simpleName.isEmpty() ? binaryName.substring(binaryName.lastIndexOf('.') + 1) : simpleName;
    }

    /**
     * A scheduler of the same options with a plan for a number of steps.
     *
     * @param steps from 1 to the number of training steps; some schedulers call the model more often than once a step
     * @throws InvalidRequestException if the number is out of range or the options cannot be planned for
     */
    default Scheduler withSteps(int steps) {
        return withSteps(steps, 1);
    }

    /**
     * A scheduler of the same options with a plan for the last part of a number of steps, for image-to-image: add noise
     * to the picture's latents with {@link #addNoise} at the plan's first timestep, then step.
     *
     * @param steps as in {@link #withSteps(int)}
     * @param strength the part of the steps that is done, from 0 (exclusive) to 1; more changes the picture more
     * @throws InvalidRequestException if a value is out of range, or no step is left
     */
    Scheduler withSteps(int steps, double strength);

    /**
     * A scheduler of the same options and plan that takes its noise from a generator. Each stochastic step draws once,
     * for the shape of the latents. Continue the generator that drew the first latents to draw what diffusers draws.
     */
    Scheduler withNoise(NormalGenerator noise);

    /**
     * A scheduler of the same options and plan for pictures that a transformer sees as so many tokens. Plans that depend on the
     * size of the picture, as {@link DynamicShift} has it, are laid out anew; others stay, which is what happens unless a
     * scheduler says otherwise. The loop of a request calls it for transformers before anything else.
     *
     * @param tokens from 1: the latents' height times width, over the square of the transformer's patch
     * @throws InvalidRequestException if the number is below 1
     */
    default Scheduler withImageSeqLen(int tokens) {
        if (tokens < 1) {
            throw new InvalidRequestException("imageSeqLen", tokens, "1 or above");
        }
        return this;
    }

    /** Whether steps need noise: then {@link #withNoise} must be called before the first. */
    boolean isStochastic();

    /** The number of steps that was planned for, before strength took some away. */
    int steps();

    /**
     * The model calls of the plan, in order. Calls of one step that share a time appear as often as they are made.
     *
     * @throws InvalidRequestException if no number of steps was set
     */
    List<Timestep> timesteps();

    /**
     * What standard normal noise is multiplied with to become the first latents of text-to-image.
     *
     * @throws InvalidRequestException if no number of steps was set
     */
    double initNoiseSigma();

    /**
     * Writes what the model is to see for these latents. For schedulers that keep latents at the model's own scale that
     * is a copy.
     *
     * @param latents the latents, any shape; left as they are
     * @param timestep one of {@link #timesteps()}
     * @param destination of the same shape; may be the latents themselves only if they are not stepped afterwards
     * @throws InvalidRequestException if the timestep is not of this plan or the shapes differ
     * @throws dev.diffusion4j.error.ClosedException if a tensor was closed
     */
    void scaleModelInput(Tensor latents, Timestep timestep, Tensor destination);

    /**
     * Moves the latents to the next timestep, in place.
     *
     * @param modelOutput the model's prediction for the latents at the timestep, guidance applied; left as it is
     * @param timestep the next of {@link #timesteps()}, or the first to start again
     * @param latents of the same shape as the output
     * @throws InvalidRequestException if the timestep is not the next or the first, the shapes differ, the shape
     *     changed within a loop, or noise is needed and none was given
     * @throws dev.diffusion4j.error.ClosedException if a tensor was closed
     */
    void step(Tensor modelOutput, Timestep timestep, Tensor latents);

    /**
     * Brings clean latents to a timestep's noise level, in place: where image-to-image starts, and what inpainting
     * restores kept regions with.
     *
     * @param latents clean latents at the model's scale
     * @param noise standard normal noise of the same shape; left as it is
     * @param timestep one of {@link #timesteps()}
     * @throws InvalidRequestException if the timestep is not of this plan or the shapes differ
     * @throws dev.diffusion4j.error.ClosedException if a tensor was closed
     */
    void addNoise(Tensor latents, Tensor noise, Timestep timestep);
}
