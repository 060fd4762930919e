package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.UNet;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** UNet over an engine. */
public final class EngineUNet extends EngineDenoiser implements UNet {

    /** The U-Net of a model. */
    EngineUNet(EngineCalls calls) {
        super(calls);
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

    /** {@inheritDoc} There a little below 1000 is 1000. */
    @Override
    void requireTimestep(double timestep) {
        requireUnetTimestep(timestep);
    }

    static void requireUnetTimestep(double timestep) {
        if (!((float) timestep >= 0 && (float) timestep < 1000)) {
            throw new InvalidRequestException("timestep", timestep, "from 0 to below 1000");
        }
    }

    @Override
    void requireLatents(Shape latents, @Nullable Tensor concat) {
        int channels = inChannels() - latentChannels();
        if (channels == 0) {
            return;
        }
        if (concat == null) {
            throw new InvalidRequestException(
                    "latents",
                    latents,
                    "those of another model: this one also sees a mask, which only inpaint(...) gives it");
        }
        Checks.shape("concat", concat, Shape.of(channels, latents.dimension(2), latents.dimension(3)));
    }

    @Override
    ComponentCall call(Conditioning positive, @Nullable Tensor concat) {
        return new ComponentCall("unet.predict", "predicting noise").input("concat", concat);
    }
}
