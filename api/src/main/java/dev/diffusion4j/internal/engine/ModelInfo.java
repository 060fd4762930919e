package dev.diffusion4j.internal.engine;

import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import java.util.Map;

/**
 * What the runtime says of an open model.
 *
 * @param runtime the source of the native library
 * @param family the runtime's name of the model family
 * @param sizeMultiple width and height must be multiples of it
 * @param vaeScaleFactor pixels per latent in each direction
 * @param latentChannels channels of a latent
 * @param defaultSampler the sampler of the family
 * @param defaultSchedule that sampler's schedule
 * @param generatesImages whether it can make pictures at all
 * @param hasVaeEncoder whether pictures can be encoded
 * @param devices the names of the components' devices
 * @param components the components that run by themselves
 */
public record ModelInfo(
        String runtime,
        String family,
        int sizeMultiple,
        int vaeScaleFactor,
        int latentChannels,
        Sampler defaultSampler,
        NoiseSchedule defaultSchedule,
        boolean generatesImages,
        boolean hasVaeEncoder,
        Map<ComponentKind, String> devices,
        ComponentsInfo components) {}
