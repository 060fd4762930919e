package dev.diffusion4j.server.internal.models;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import java.util.function.Supplier;

/**
 * A model that can be opened, and what is known of it before.
 *
 * @param name what clients call it
 * @param bytes how much memory it is taken to need
 * @param nativeSize the size that it draws best
 * @param seamless whether it makes pictures whose edges fit each other
 * @param defaults what requests take where they leave something out
 * @param opener opens it
 */
public record ModelSource(
        String name,
        ModelFamily family,
        long bytes,
        ImageSize nativeSize,
        boolean seamless,
        ImageRequest defaults,
        Supplier<DiffusionModel> opener) {

    /** The size that is drawn where a request says none. */
    public ImageSize usualSize() {
        return defaults.size().orElse(nativeSize);
    }
}
