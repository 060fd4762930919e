package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Refuses, before native code sees it, what does not fit a denoiser. */
record DenoiserChecks(ComponentsInfo info, int latentChannels) {

    void requireTensors(Tensor latents, Conditioning positive, @Nullable Conditioning negative, Tensor prediction) {
        requireLatents(latents);
        Checks.shape("prediction", prediction, latents.shape());
        requireConditioning(latents, positive);
        if (negative != null) {
            requireConditioning(latents, negative);
            if (negative.context().shape().dimension(0)
                    != positive.context().shape().dimension(0)) {
                throw new InvalidRequestException(
                        "negative.context",
                        negative.context().shape(),
                        "of the batch of the positive one, "
                                + positive.context().shape());
            }
        }
    }

    void requireInputs(Tensor latents, Conditioning conditioning) {
        requireLatents(latents);
        requireConditioning(latents, conditioning);
    }

    /** Of all residuals for latents: {@code (batch, values)}. */
    Shape residuals(Shape latents) {
        long values = info.residuals().stream()
                .mapToLong(residual -> shape(residual, latents).size())
                .sum();
        return Shape.of(latents.dimension(0), values / latents.dimension(0));
    }

    static Shape shape(ComponentsInfo.ResidualInfo residual, Shape latents) {
        return Shape.of(
                latents.dimension(0),
                residual.channels(),
                latents.dimension(2) / residual.downscale(),
                latents.dimension(3) / residual.downscale());
    }

    static void requireScale(double guidanceScale) {
        // The model takes it as float, where a large one is infinite.
        if (!Float.isFinite((float) guidanceScale)) {
            throw new InvalidRequestException("guidanceScale", guidanceScale, "a finite number");
        }
    }

    private void requireLatents(Tensor latents) {
        Shape shape = latents.shape();
        int multiple = info.sizeMultiple();
        boolean fits = shape.rank() == 4
                && shape.dimension(1) == latentChannels
                && shape.dimension(2) % multiple == 0
                && shape.dimension(3) % multiple == 0;
        if (!fits) {
            throw new InvalidRequestException(
                    "latents",
                    shape,
                    "(batch, " + latentChannels + ", height, width) with sides that are multiples of " + multiple);
        }
    }

    private void requireConditioning(Tensor latents, Conditioning conditioning) {
        Shape context = conditioning.context().shape();
        long batch = latents.shape().dimension(0);
        boolean fits = context.rank() == 3
                && (context.dimension(0) == 1 || context.dimension(0) == batch)
                && context.dimension(2) == info.contextSize();
        if (!fits) {
            throw new InvalidRequestException(
                    "context", context, "(1 or " + batch + ", tokens, " + info.contextSize() + ")");
        }
        requireWhereItIsTaken("vector", conditioning.vector(), info.vectorSize());
        boolean takesGuidance = info.transformer()
                .filter(ComponentsInfo.TransformerInfo::takesGuidance)
                .isPresent();
        Optional<Tensor> guidance = conditioning.guidance();
        requirePresence("guidance", guidance, takesGuidance);
        guidance.ifPresent(tensor -> Checks.shape("guidance", tensor, Shape.of(1)));
        conditioning.residuals().ifPresent(tensor -> requireResiduals(tensor, latents.shape()));
    }

    private void requireResiduals(Tensor residuals, Shape latents) {
        if (info.residuals().isEmpty()) {
            throw new InvalidRequestException("residuals", "given", "absent: this model takes none of a ControlNet");
        }
        Checks.shape("residuals", residuals, residuals(latents));
    }

    private static void requireWhereItIsTaken(String name, Optional<Tensor> tensor, int size) {
        requirePresence(name, tensor, size > 0);
        tensor.ifPresent(values -> Checks.shape(name, values, Shape.of(1, size)));
    }

    private static void requirePresence(String name, Optional<Tensor> tensor, boolean wanted) {
        if (tensor.isPresent() != wanted) {
            throw new InvalidRequestException(
                    name,
                    tensor.isPresent() ? "given" : "missing",
                    wanted ? "given for this model, as encodePrompt does" : "absent for this model");
        }
    }
}
