package dev.diffusion4j.server.internal.models;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import java.util.function.Supplier;

/**
 * A model that can be opened, and what is known of it before.
 *
 * @param name what clients call it
 * @param bytes how much memory it is taken to need
 * @param nativeSize the size that it draws best
 * @param seamless whether it makes pictures whose edges fit each other
 * @param opener opens it
 */
public record ModelSource(
        String name,
        ModelFamily family,
        long bytes,
        ImageSize nativeSize,
        boolean seamless,
        Supplier<DiffusionModel> opener) {}
