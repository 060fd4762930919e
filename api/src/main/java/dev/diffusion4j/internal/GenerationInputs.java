package dev.diffusion4j.internal;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;

/**
 * The pictures that go into a generation, already at the size that the runtime works at.
 *
 * @param init the picture to start from
 * @param mask what to redraw of it (white) and what to keep (black)
 * @param references pictures for models that look at some
 * @param resizeReferences whether the runtime resizes them to the output's area
 * @param distinctReferenceIndices whether each has a position index of its own
 */
public record GenerationInputs(
        Optional<BufferedImage> init,
        Optional<BufferedImage> mask,
        List<BufferedImage> references,
        boolean resizeReferences,
        boolean distinctReferenceIndices) {

    /** Scales the pictures to the output's size; init and mask may be null. */
    public static GenerationInputs of(
            int width,
            int height,
            BufferedImage init,
            BufferedImage mask,
            List<BufferedImage> references,
            boolean resizeReferences,
            boolean distinctReferenceIndices) {
        return new GenerationInputs(
                Optional.ofNullable(init).map(image -> scaled(image, width, height, BufferedImage.TYPE_INT_RGB)),
                Optional.ofNullable(mask).map(image -> scaled(image, width, height, BufferedImage.TYPE_BYTE_GRAY)),
                references.stream()
                        .map(image -> scaled(image, image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB))
                        .toList(),
                resizeReferences,
                distinctReferenceIndices);
    }

    private static BufferedImage scaled(BufferedImage image, int width, int height, int type) {
        BufferedImage result = new BufferedImage(width, height, type);
        Graphics2D graphics = result.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
        graphics.drawImage(image, 0, 0, width, height, null);
        graphics.dispose();
        return result;
    }
}
