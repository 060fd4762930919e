package dev.diffusion4j.hub;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Settings that suit a model, as its makers or the runtime's documentation name them. What is empty is not named.
 *
 * @param width of the picture, in pixels
 * @param height of the picture, in pixels
 * @param steps how many denoising steps
 * @param guidance the guidance scale; 1 is without
 * @param sampler the sampler's name on the command line, such as {@code euler}
 * @param flowShift the shift of flow-matching schedules
 */
public record ModelDefaults(
        OptionalInt width,
        OptionalInt height,
        OptionalInt steps,
        OptionalDouble guidance,
        Optional<String> sampler,
        OptionalDouble flowShift) {

    /** Names nothing. */
    public static final ModelDefaults NONE = new ModelDefaults(
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalDouble.empty(),
            Optional.empty(),
            OptionalDouble.empty());
}
