package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.DiffusionTransformer;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.TransformerInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** DiffusionTransformer over an engine. */
public final class EngineTransformer implements DiffusionTransformer, EngineDenoiser {

    private final EngineCalls calls;
    private final ComponentsInfo info;
    private final TransformerInfo transformer;
    private final DenoiserChecks checks;

    /** The transformer of a model that has one. */
    EngineTransformer(EngineCalls calls, TransformerInfo transformer) {
        this.calls = calls;
        this.transformer = transformer;
        info = calls.info().components();
        checks = new DenoiserChecks(info, calls.info().latentChannels());
    }

    @Override
    public int latentChannels() {
        return checks.latentChannels();
    }

    @Override
    public int inChannels() {
        return info.inChannels();
    }

    @Override
    public int contextSize() {
        return info.contextSize();
    }

    @Override
    public int vectorSize() {
        return info.vectorSize();
    }

    @Override
    public int sizeMultiple() {
        return info.sizeMultiple();
    }

    @Override
    public int patchSize() {
        return transformer.patchSize();
    }

    @Override
    public boolean takesGuidance() {
        return transformer.takesGuidance();
    }

    @Override
    public PredictionType predictionType() {
        return info.predictionType();
    }

    @Override
    public void predictNoise(Tensor latents, double timestep, Conditioning conditioning, Tensor prediction) {
        predict(latents, timestep, conditioning, null, 1, null, prediction, Watch.NONE);
    }

    @Override
    public void predictGuidedNoise(
            Tensor latents,
            double timestep,
            Conditioning positive,
            Conditioning negative,
            double guidanceScale,
            Tensor prediction) {
        predict(latents, timestep, positive, negative, guidanceScale, null, prediction, Watch.NONE);
    }

    @Override
    public void predict(
            Tensor latents,
            double timestep,
            Conditioning positive,
            @Nullable Conditioning negative,
            double guidanceScale,
            @Nullable Tensor concat,
            Tensor prediction,
            Watch watch) {
        // The model takes it as float.
        if (!((float) timestep >= 0 && (float) timestep <= 1000)) {
            throw new InvalidRequestException("timestep", timestep, "from 0 to 1000");
        }
        DenoiserChecks.requireScale(guidanceScale);
        checks.requireTensors(latents, positive, negative, prediction);
        requireSides(latents.shape());
        ComponentCall call = new ComponentCall("transformer.predict", "predicting the flow")
                .number("timestep", (float) timestep)
                .input("latents", latents)
                .input("context", positive.context())
                .input("vector", positive.vector().orElse(null))
                .input("guidance", positive.guidance().orElse(null))
                .output("prediction", prediction);
        if (negative != null && guidanceScale != 1) {
            call.number("guidance_scale", (float) guidanceScale)
                    .input("negative_context", negative.context())
                    .input("negative_vector", negative.vector().orElse(null));
        }
        calls.run(call, watch);
    }

    private void requireSides(Shape latents) {
        int most = transformer.maxSide();
        if (most > 0 && (latents.dimension(2) > most || latents.dimension(3) > most)) {
            throw new InvalidRequestException(
                    "latents", latents, "of sides up to " + most + ", for which this model has positions");
        }
    }
}
