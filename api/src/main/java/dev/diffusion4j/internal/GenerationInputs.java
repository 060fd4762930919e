package dev.diffusion4j.internal;

import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ResizeMode;
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

    /**
     * Brings the pictures to the output's size, in colour, and the mask in grey; init and mask may be null. References keep
     * their sizes.
     */
    public static GenerationInputs of(
            int width,
            int height,
            ResizeMode mode,
            BufferedImage init,
            BufferedImage mask,
            List<BufferedImage> references,
            boolean resizeReferences,
            boolean distinctReferenceIndices) {
        return new GenerationInputs(
                Optional.ofNullable(init)
                        .map(image -> ImageProcessor.resize(ImageProcessor.toRgb(image), width, height, mode)),
                Optional.ofNullable(mask)
                        .map(image -> ImageProcessor.resize(ImageProcessor.toMask(image), width, height, mode)),
                references.stream().map(ImageProcessor::toRgb).toList(),
                resizeReferences,
                distinctReferenceIndices);
    }
}
