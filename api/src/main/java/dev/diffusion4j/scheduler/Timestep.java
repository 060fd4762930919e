package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;

/**
 * One model call of a plan.
 *
 * @param index the place in the whole plan, from 0; image-to-image plans start above 0
 * @param value the time that the model is told, in training steps: from 0 (clean) up to the number of training steps;
 *     fractional for some schedulers
 */
public record Timestep(int index, float value) {

    /**
     * @throws InvalidRequestException if the index is below 0 or the value is below 0 or not finite
     */
    public Timestep {
        if (index < 0) {
            throw new InvalidRequestException("timestep.index", index, "0 or above");
        }
        if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
            throw new InvalidRequestException("timestep.value", value, "finite, 0 or above");
        }
    }
}
