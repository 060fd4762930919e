package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tensor.TensorScope;
import org.jspecify.annotations.Nullable;

/** What denoisers over an engine have in common, of whatever kind. */
public abstract sealed class EngineDenoiser permits EngineUNet, EngineTransformer {

    private final EngineCalls calls;
    private final ComponentsInfo info;
    private final DenoiserChecks checks;

    EngineDenoiser(EngineCalls calls) {
        this.calls = calls;
        info = calls.info().components();
        checks = new DenoiserChecks(info, calls.info().latentChannels());
    }

    /** Channels of the latents. */
    public int latentChannels() {
        return checks.latentChannels();
    }

    /** Channels it takes: those of the latents, and for inpainting models mask and masked latents. */
    public int inChannels() {
        return info.inChannels();
    }

    /** Numbers of the context for each token. */
    public int contextSize() {
        return info.contextSize();
    }

    /** Numbers of the vector; 0 without one. */
    public int vectorSize() {
        return info.vectorSize();
    }

    /** What the sides of latents are multiples of. */
    public int sizeMultiple() {
        return info.sizeMultiple();
    }

    /** What it predicts. */
    public PredictionType predictionType() {
        return info.predictionType();
    }

    /** Predicts without guidance. */
    public void predictNoise(Tensor latents, double timestep, Conditioning conditioning, Tensor prediction) {
        predict(latents, timestep, conditioning, null, 1, null, prediction, Watch.NONE);
    }

    /** Predicts with guidance. */
    public void predictGuidedNoise(
            Tensor latents,
            double timestep,
            Conditioning positive,
            Conditioning negative,
            double guidanceScale,
            Tensor prediction) {
        predict(latents, timestep, positive, negative, guidanceScale, null, prediction, Watch.NONE);
    }

    /**
     * Predicts with guidance, watched.
     *
     * @param negative null for no guidance
     * @param concat what inpainting models see beside the latents, null for others
     */
    public void predict(
            Tensor latents,
            double timestep,
            Conditioning positive,
            @Nullable Conditioning negative,
            double guidanceScale,
            @Nullable Tensor concat,
            Tensor prediction,
            Watch watch) {
        requireTimestep(timestep);
        DenoiserChecks.requireScale(guidanceScale);
        checks.requireTensors(latents, positive, negative, prediction);
        requireLatents(latents.shape(), concat);
        ComponentCall call = call(positive, concat)
                .number("timestep", (float) timestep)
                .input("latents", latents)
                .input("context", positive.context())
                .input("vector", positive.vector().orElse(null))
                .output("prediction", prediction);
        Conditioning against = guidanceScale == 1 ? null : negative;
        if (against != null) {
            call.number("guidance_scale", (float) guidanceScale)
                    .input("negative_context", against.context())
                    .input("negative_vector", against.vector().orElse(null));
        }
        try (TensorScope scope = TensorScope.open()) {
            calls.run(call.input("residuals", residuals(latents.shape(), positive, against, scope)), watch);
        }
    }

    /** Those for both texts in one tensor; null if there are none. Of a text without them they are zeros. */
    private @Nullable Tensor residuals(
            Shape latents, Conditioning positive, @Nullable Conditioning negative, TensorScope scope) {
        boolean isControlled = positive.residuals().isPresent()
                || negative != null && negative.residuals().isPresent();
        if (!isControlled) {
            return null;
        }
        Shape one = checks.residuals(latents);
        long batch = one.dimension(0);
        Tensor both = scope.zeros(Shape.of(negative == null ? batch : 2 * batch, one.dimension(1)));
        positive.residuals().ifPresent(values -> both.slice(0, batch).copyFrom(values));
        if (negative != null) {
            negative.residuals()
                    .ifPresent(values -> both.slice(batch, 2 * batch).copyFrom(values));
        }
        return both;
    }

    /** The model takes it as float. */
    abstract void requireTimestep(double timestep);

    /** What this kind demands of latents beside their channels. */
    abstract void requireLatents(Shape latents, @Nullable Tensor concat);

    /** The call, with the inputs that this kind alone has. */
    abstract ComponentCall call(Conditioning positive, @Nullable Tensor concat);
}
