package dev.diffusion4j;

import dev.diffusion4j.request.PreviewMode;
import java.awt.image.BufferedImage;
import java.util.Objects;

/**
 * A picture of what the latents hold during a generation.
 *
 * @param step the denoising step it shows, from 1
 * @param image the picture; with {@link PreviewMode#PROJECTION} an eighth of the final size
 */
public record Preview(int step, BufferedImage image) {

    public Preview {
        Objects.requireNonNull(image, "image");
    }
}
