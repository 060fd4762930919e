package dev.diffusion4j.server.internal.models;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;

/** What is usual for a model, as it said when it was open. */
public record ModelDefaults(
        ImageSize size, int steps, double guidanceScale, Sampler sampler, NoiseSchedule schedule, int sizeMultiple) {

    static ModelDefaults of(DiffusionModel model) {
        Sampler sampler = model.defaultSampler();
        return new ModelDefaults(
                model.nativeSize(),
                model.defaultSteps(),
                model.defaultGuidanceScale(),
                sampler,
                model.defaultSchedule(sampler),
                model.sizeMultiple());
    }
}
