package dev.diffusion4j.internal.engine;

import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import java.util.Map;
import java.util.Optional;

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
 * @param videoInputs what a model that makes videos is shown beside the prompt; absent for models that make none
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
        Optional<VideoInputKinds> videoInputs,
        Map<ComponentKind, String> devices,
        ComponentsInfo components) {

    /**
     * What a model that makes videos is shown beside the prompt.
     *
     * @param firstFrame whether a picture that the video begins with, or one that it is drawn after
     * @param lastFrame whether a picture that it ends with
     * @param lastFrameAlone whether that may be without a first one
     * @param controlFrames whether a picture for each frame
     */
    public record VideoInputKinds(
            boolean firstFrame, boolean lastFrame, boolean lastFrameAlone, boolean controlFrames) {}
}
