package dev.diffusion4j.internal.engine;

import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.request.Control;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.References;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;

/**
 * The pictures that go into a generation, already at the size that the runtime works at.
 *
 * @param init the picture to start from
 * @param mask what to redraw of it (white) and what to keep (black)
 * @param strength how much of the picture may change, 0 to 1
 * @param references pictures for models that look at some
 * @param resizeReferences whether the runtime resizes them to the output's area
 * @param distinctReferenceIndices whether each has a position index of its own
 * @param controls pictures for ControlNets
 * @param identity the person to draw
 */
public record GenerationInputs(
        Optional<BufferedImage> init,
        Optional<BufferedImage> mask,
        double strength,
        List<BufferedImage> references,
        boolean resizeReferences,
        boolean distinctReferenceIndices,
        List<ControlInput> controls,
        Optional<IdentityInput> identity) {

    /**
     * A control picture.
     *
     * @param controlNet the ControlNet that reads it
     * @param picture in colour, of the output's size
     * @param strength how much it counts
     * @param start the part of the steps before it counts
     * @param end and until which it does
     */
    public record ControlInput(String controlNet, BufferedImage picture, double strength, double start, double end) {

        /** Whether it counts in a step, of so many, that begins after others; by diffusers' rule. */
        public boolean countsIn(int done, int steps) {
            return strength != 0 && (double) done / steps >= start && (double) (done + 1) / steps <= end;
        }
    }

    /**
     * Brings a request's pictures to the output's size, in colour, and the mask in grey. References keep their
     * sizes, those of a person are of the size that the identity encoder sees.
     *
     * @param request with a size, and a ControlNet for each control picture
     */
    public static GenerationInputs of(ImageRequest request) {
        ImageSize size = request.size().orElseThrow();
        return new GenerationInputs(
                request.initImage()
                        .map(init -> resized(
                                init, ImageProcessor.toRgb(init.picture().toBufferedImage()), size)),
                request.initImage()
                        .flatMap(init -> init.mask()
                                .map(mask -> resized(init, ImageProcessor.toMask(mask.toBufferedImage()), size))),
                request.initImage().map(InitImage::strength).orElse(1.0),
                request.references().map(References::pictures).orElse(List.of()).stream()
                        .map(Picture::toBufferedImage)
                        .map(ImageProcessor::toRgb)
                        .toList(),
                request.references().map(References::resize).orElse(true),
                request.references().map(References::distinctIndices).orElse(false),
                request.controls().stream().map(control -> input(control, size)).toList(),
                request.identity().map(IdentityInput::of));
    }

    private static BufferedImage resized(InitImage init, BufferedImage image, ImageSize size) {
        return ImageProcessor.resize(image, size.width(), size.height(), init.resizeMode());
    }

    private static ControlInput input(Control control, ImageSize size) {
        BufferedImage picture = ImageProcessor.toRgb(control.picture().toBufferedImage());
        return new ControlInput(
                control.controlNet().orElseThrow(),
                ImageProcessor.resize(picture, size.width(), size.height(), control.resizeMode()),
                control.strength(),
                control.start(),
                control.end());
    }
}
