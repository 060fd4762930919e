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
        return components.scaling();
    }

    @Override
    public double shiftFactor() {
        return components.shift();
    }

    @Override
    public boolean hasEncoder() {
        return model.hasVaeEncoder();
    }

    @Override
    public void toModelScale(Tensor latents) {
        shift(latents, -shiftFactor());
        latents.scale(scalingFactor());
    }

    @Override
    public void fromModelScale(Tensor latents) {
        latents.scale(1 / scalingFactor());
        shift(latents, shiftFactor());
    }

    private static void shift(Tensor latents, double by) {
        if (by != 0) {
            for (long i = 0; i < latents.size(); i++) {
                latents.setFlat(i, (float) (latents.getFlat(i) + by));
            }
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
        Shape shape = latents.shape();
        if (shape.rank() != 4 || shape.dimension(1) != latentChannels()) {
            throw new InvalidRequestException("latents", shape, "(batch, " + latentChannels() + ", height, width)");
        }
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
