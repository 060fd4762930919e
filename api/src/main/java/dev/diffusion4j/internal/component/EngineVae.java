package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;

/** Vae over an engine. */
public final class EngineVae implements Vae {

    private final EngineCalls calls;
    private final ComponentsInfo components;
    private final ModelInfo model;

    /** The VAE of a model. */
    public EngineVae(EngineCalls calls) {
        this.calls = calls;
        this.model = calls.info();
        this.components = model.components();
    }

    @Override
    public int scaleFactor() {
        return model.vaeScaleFactor();
    }

    @Override
    public int latentChannels() {
        return model.latentChannels();
    }

    @Override
    public double scalingFactor() {
        return common("scalingFactor", components.scaling());
    }

    @Override
    public double shiftFactor() {
        return common("shiftFactor", components.shift());
    }

    private static double common(String name, List<Float> values) {
        if (!isCommon(values)) {
            throw new IllegalStateException("each channel has its own, which " + name + "s() tells");
        }
        return values.getFirst();
    }

    private static boolean isCommon(List<Float> values) {
        return values.stream().distinct().count() == 1;
    }

    @Override
    public float[] scalingFactors() {
        return array(components.scaling());
    }

    @Override
    public float[] shiftFactors() {
        return array(components.shift());
    }

    private static float[] array(List<Float> values) {
        float[] array = new float[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i);
        }
        return array;
    }

    @Override
    public boolean hasEncoder() {
        return model.hasVaeEncoder();
    }

    @Override
    public void toModelScale(Tensor latents) {
        requireLatents(latents);
        scale(latents, true);
    }

    @Override
    public void fromModelScale(Tensor latents) {
        requireLatents(latents);
        scale(latents, false);
    }

    private void scale(Tensor latents, boolean toModel) {
        if (isCommon(components.scaling()) && isCommon(components.shift())) {
            if (toModel) {
                add(latents, -shiftFactor());
                latents.scale(scalingFactor());
            } else {
                latents.scale(1 / scalingFactor());
                add(latents, shiftFactor());
            }
            return;
        }
        float[] scaling = scalingFactors();
        float[] shift = shiftFactors();
        long cells = latents.shape().dimension(2) * latents.shape().dimension(3);
        for (long i = 0; i < latents.size(); i++) {
            int channel = (int) (i / cells % scaling.length);
            float value = latents.getFlat(i);
            latents.setFlat(
                    i,
                    toModel ? (value - shift[channel]) * scaling[channel] : value / scaling[channel] + shift[channel]);
        }
    }

    private static void add(Tensor latents, double value) {
        if (value != 0) {
            for (long i = 0; i < latents.size(); i++) {
                latents.setFlat(i, (float) (latents.getFlat(i) + value));
            }
        }
    }

    private void requireLatents(Tensor latents) {
        Shape shape = latents.shape();
        if (shape.rank() != 4 || shape.dimension(1) != latentChannels()) {
            throw new InvalidRequestException("latents", shape, "(batch, " + latentChannels() + ", height, width)");
        }
    }

    @Override
    public LatentDistribution encode(Tensor pictures) {
        return encode(pictures, Optional.empty());
    }

    @Override
    public LatentDistribution encode(Tensor pictures, VaeTiling tiling) {
        return encode(pictures, Optional.of(tiling));
    }

    private LatentDistribution encode(Tensor pictures, Optional<VaeTiling> tiling) {
        return encode(pictures, tiling, Watch.NONE);
    }

    /** As {@link #encode(Tensor)}, watched. */
    public LatentDistribution encode(Tensor pictures, Optional<VaeTiling> tiling, Watch watch) {
        if (!hasEncoder()) {
            throw new InvalidRequestException("pictures", "given", "absent: this model's VAE has no encoder");
        }
        Shape shape = pictures.shape();
        int factor = scaleFactor();
        boolean fits = shape.rank() == 4
                && shape.dimension(1) == 3
                && shape.dimension(2) % factor == 0
                && shape.dimension(3) % factor == 0;
        if (!fits) {
            throw new InvalidRequestException(
                    "pictures", shape, "(batch, 3, height, width) with sides that are multiples of " + factor);
        }
        Shape latents = Shape.of(
                shape.dimension(0),
                components.momentChannels(),
                shape.dimension(2) / factor,
                shape.dimension(3) / factor);
        ComponentCall call = new ComponentCall("vae.encode", "encoding a picture").input("pictures", pictures);
        Tensor moments = calls.fill(tiled(call, tiling), "moments", Tensor.zeros(latents), watch);
        return new LatentDistribution(moments, latentChannels());
    }

    @Override
    public Tensor decode(Tensor latents) {
        return decode(latents, Optional.empty(), Watch.NONE);
    }

    @Override
    public Tensor decode(Tensor latents, VaeTiling tiling) {
        return decode(latents, Optional.of(tiling), Watch.NONE);
    }

    /** As {@link #decode(Tensor)}, watched. */
    public Tensor decode(Tensor latents, Optional<VaeTiling> tiling, Watch watch) {
        requireLatents(latents);
        Shape shape = latents.shape();
        int factor = scaleFactor();
        Shape pictures = Shape.of(shape.dimension(0), 3, shape.dimension(2) * factor, shape.dimension(3) * factor);
        ComponentCall call = new ComponentCall("vae.decode", "decoding a picture").input("latents", latents);
        return calls.fill(tiled(call, tiling), "pictures", Tensor.zeros(pictures), watch);
    }

    private static ComponentCall tiled(ComponentCall call, Optional<VaeTiling> tiling) {
        tiling.ifPresent(tiles -> call.number("tile_width", tiles.tileWidth())
                .number("tile_height", tiles.tileHeight())
                .number("tile_overlap", tiles.overlap()));
        return call;
    }

    @Override
    public BufferedImage decodeToImage(Tensor latents) {
        try (Tensor unscaled = latents.copy()) {
            fromModelScale(unscaled);
            try (Tensor picture = decode(unscaled)) {
                return ImageTensors.toImage(picture);
            }
        }
    }
}
