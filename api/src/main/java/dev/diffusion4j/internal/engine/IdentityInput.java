package dev.diffusion4j.internal.engine;

import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.request.Identity;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The person that PhotoMaker draws.
 *
 * @param pictures in colour, {@value #SIDE} pixels wide and high
 * @param styleStrength how many percent of the steps are drawn without the identity
 * @param embeddings the file of face embeddings
 */
public record IdentityInput(List<BufferedImage> pictures, double styleStrength, Optional<Path> embeddings) {

    private static final int SIDE = 224;

    static IdentityInput of(Identity identity) {
        return new IdentityInput(
                identity.pictures().stream()
                        .map(picture -> ImageProcessor.resize(
                                ImageProcessor.toRgb(picture.toBufferedImage()), SIDE, SIDE, ResizeMode.CROP))
                        .toList(),
                identity.styleStrength(),
                identity.embeddings());
    }
}
