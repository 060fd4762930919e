package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What the loop asks of a denoiser over an engine, of whatever kind. */
public sealed interface EngineDenoiser permits EngineUNet, EngineTransformer {

    /** Channels of the latents. */
    int latentChannels();

    /** Channels it takes: those of the latents, and for inpainting models mask and masked latents. */
    int inChannels();

    /**
     * Predicts with guidance, watched.
     *
     * @param negative null for no guidance
     * @param concat what inpainting models see beside the latents, null for others
     */
    void predict(
            Tensor latents,
            double timestep,
            Conditioning positive,
            @Nullable Conditioning negative,
            double guidanceScale,
            @Nullable Tensor concat,
            Tensor prediction,
            Watch watch);
}
