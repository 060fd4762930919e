package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.ControlNet;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.List;

/** ControlNet over an engine. */
public final class EngineControlNet implements ControlNet {

    private final EngineCalls calls;
    private final int index;
    private final String name;
    private final ComponentsInfo info;
    private final DenoiserChecks checks;

    /** A ControlNet of a model, by its place among them. */
    EngineControlNet(EngineCalls calls, int index, String name) {
        this.calls = calls;
        this.index = index;
        this.name = name;
        info = calls.info().components();
        checks = new DenoiserChecks(info, calls.info().latentChannels());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Tensor embed(Tensor picture) {
        return embed(picture, Watch.NONE);
    }

    @Override
    public Tensor embed(BufferedImage picture) {
        return embed(picture, Watch.NONE);
    }

    /** The hint of a picture, watched. */
    public Tensor embed(BufferedImage picture, Watch watch) {
        try (Tensor values = ImageTensors.of(picture)) {
            FloatBuffer buffer = values.floatBuffer();
            for (int i = 0; i < buffer.capacity(); i++) {
                buffer.put(i, (buffer.get(i) + 1) / 2);
            }
            return embed(values, watch);
        }
    }

    private Tensor embed(Tensor picture, Watch watch) {
        Shape shape = picture.shape();
        int factor = calls.info().vaeScaleFactor();
        int multiple = factor * info.sizeMultiple();
        boolean fits = shape.rank() == 4
                && shape.dimension(0) == 1
                && shape.dimension(1) == 3
                && shape.dimension(2) % multiple == 0
                && shape.dimension(3) % multiple == 0;
        if (!fits) {
            throw new InvalidRequestException(
                    "picture", shape, "(1, 3, height, width) with sides that are multiples of " + multiple);
        }
        ComponentCall call = new ComponentCall("control.embed", "reading a control picture")
                .number("control_net", index)
                .input("picture", picture);
        return calls.fill(
                call, "hint", Tensor.zeros(hint(shape.dimension(2) / factor, shape.dimension(3) / factor)), watch);
    }

    private Shape hint(long height, long width) {
        return Shape.of(1, info.residuals().getFirst().channels(), height, width);
    }

    @Override
    public Tensor predict(Tensor latents, double timestep, Conditioning conditioning, Tensor hint) {
        return predict(latents, timestep, conditioning, hint, Watch.NONE);
    }

    /** The residuals, watched. */
    public Tensor predict(Tensor latents, double timestep, Conditioning conditioning, Tensor hint, Watch watch) {
        EngineUNet.requireUnetTimestep(timestep);
        checks.requireInputs(latents, conditioning);
        Shape shape = latents.shape();
        Checks.shape("hint", hint, hint(shape.dimension(2), shape.dimension(3)));
        ComponentCall call = new ComponentCall("control.predict", "computing control")
                .number("control_net", index)
                .number("timestep", (float) timestep)
                .input("latents", latents)
                .input("hint", hint)
                .input("context", conditioning.context());
        return calls.fill(call, "residuals", Tensor.zeros(checks.residuals(shape)), watch);
    }

    @Override
    public List<Shape> residualShapes(Shape latents) {
        return info.residuals().stream()
                .map(residual -> DenoiserChecks.shape(residual, latents))
                .toList();
    }
}
