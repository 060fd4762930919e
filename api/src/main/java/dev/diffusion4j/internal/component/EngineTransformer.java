package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.DiffusionTransformer;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo.TransformerInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** DiffusionTransformer over an engine. */
public final class EngineTransformer extends EngineDenoiser implements DiffusionTransformer {

    private final TransformerInfo transformer;

    /** The transformer of a model that has one. */
    EngineTransformer(EngineCalls calls, TransformerInfo transformer) {
        super(calls);
        this.transformer = transformer;
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
    void requireTimestep(double timestep) {
        if (!((float) timestep >= 0 && (float) timestep <= 1000)) {
            throw new InvalidRequestException("timestep", timestep, "from 0 to 1000");
        }
    }

    @Override
    void requireLatents(Shape latents, @Nullable Tensor concat) {
        int most = transformer.maxSide();
        if (most > 0 && (latents.dimension(2) > most || latents.dimension(3) > most)) {
            throw new InvalidRequestException(
                    "latents", latents, "of sides up to " + most + ", for which this model has positions");
        }
    }

    @Override
    ComponentCall call(Conditioning positive, @Nullable Tensor concat) {
        return new ComponentCall("transformer.predict", "predicting the flow")
                .input("guidance", positive.guidance().orElse(null));
    }
}
