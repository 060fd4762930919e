package dev.diffusion4j.internal;

import java.util.List;

/**
 * What the runtime says of an open model.
 *
 * @param family the runtime's name of the model family
 * @param sizeMultiple width and height must be multiples of it
 * @param vaeScaleFactor pixels per latent in each direction
 * @param latentChannels channels of a latent
 * @param defaultSampler the runtime's number of the default sampler, see {@link RuntimeCodes}
 * @param defaultSchedule the runtime's number of that sampler's schedule
 * @param generatesImages whether it can make pictures at all
 * @param inpaint whether its U-Net takes a mask
 * @param hasVaeEncoder whether pictures can be encoded
 * @param devices the names of the parts' devices, in the order of {@link dev.diffusion4j.StableDiffusionOptions.ModelPart}
 */
public record ModelInfo(
        String family,
        int sizeMultiple,
        int vaeScaleFactor,
        int latentChannels,
        int defaultSampler,
        int defaultSchedule,
        boolean generatesImages,
        boolean inpaint,
        boolean hasVaeEncoder,
        List<String> devices) {}
