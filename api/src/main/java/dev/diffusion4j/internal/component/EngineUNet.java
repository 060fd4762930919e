package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.UNet;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** UNet over an engine. */
public final class EngineUNet implements UNet, EngineDenoiser {

    private final EngineCalls calls;
    private final ComponentsInfo info;
    private final int latentChannels;
    private final DenoiserChecks checks;

    /** The U-Net of a model. */
    EngineUNet(EngineCalls calls) {
        this.calls = calls;
        this.info = calls.info().components();
        this.latentChannels = calls.info().latentChannels();
        checks = new DenoiserChecks(info, latentChannels);
    }

    @Override
    public int latentChannels() {
        return latentChannels;
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
    public PredictionType predictionType() {
        return info.predictionType();
    }

    @Override
    public Tensor predictNoise(Tensor latents, Timestep timestep, Tensor context) {
        return predictNoise(latents, timestep.value(), context);
    }

    @Override
    public Tensor predictNoise(Tensor latents, double timestep, Tensor context) {
        Tensor prediction = Tensor.zeros(latents.shape());
        try {
            predictNoise(latents, timestep, Conditioning.of(context), prediction);
            return prediction;
        } catch (Throwable e) {
            prediction.close();
            throw e;
        }
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
        // The model takes it as float, where a little below 1000 is 1000.
        if (!((float) timestep >= 0 && (float) timestep < 1000)) {
            throw new InvalidRequestException("timestep", timestep, "from 0 to below 1000");
        }
        DenoiserChecks.requireScale(guidanceScale);
        checks.requireTensors(latents, positive, negative, prediction);
        requireConcat(latents, concat);
        Conditioning against = guidanceScale == 1 ? null : negative;
        ComponentCall call = new ComponentCall("unet.predict", "predicting noise")
                .number("timestep", (float) timestep)
                .input("latents", latents)
                .input("context", positive.context())
                .input("vector", positive.vector().orElse(null))
                .input("concat", concat)
                .output("prediction", prediction);
        if (against != null) {
            call.number("guidance_scale", (float) guidanceScale)
                    .input("negative_context", against.context())
                    .input("negative_vector", against.vector().orElse(null));
        }
        calls.run(call, watch);
    }

    private void requireConcat(Tensor latents, @Nullable Tensor concat) {
        int channels = inChannels() - latentChannels;
        if (channels == 0) {
            return;
        }
        Shape wanted =
                Shape.of(channels, latents.shape().dimension(2), latents.shape().dimension(3));
        if (concat == null) {
            throw new InvalidRequestException(
                    "latents",
                    latents.shape(),
                    "those of another model: this one also sees a mask, which only inpaint(...) gives it");
        }
        Checks.shape("concat", concat, wanted);
    }
}
