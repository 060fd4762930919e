package dev.diffusion4j.server.internal.models;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;

/** What is usual for a model: what the server was told, and what else the model said when it was open. */
public record ModelDefaults(
        ImageSize size, int steps, double guidanceScale, Sampler sampler, NoiseSchedule schedule, int sizeMultiple) {

    static ModelDefaults of(DiffusionModel model, ImageRequest told) {
        NativeSampling loop = told.sampling() instanceof NativeSampling given ? given : Sampling.standard();
        Sampler sampler = loop.sampler().orElseGet(model::defaultSampler);
        return new ModelDefaults(
                told.size().orElseGet(model::nativeSize),
                told.steps().orElseGet(model::defaultSteps),
                told.guidanceScale().orElseGet(model::defaultGuidanceScale),
                sampler,
                loop.schedule().orElseGet(() -> model.defaultSchedule(sampler)),
                model.sizeMultiple());
    }
}
