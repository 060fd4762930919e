package dev.diffusion4j.internal.engine;

import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.request.VideoRequest;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;

/**
 * The pictures that go into a video, in colour and at its size.
 *
 * @param firstFrame what it begins with
 * @param lastFrame what it ends with
 * @param controlFrames one for each frame, or none
 */
public record VideoInputs(
        Optional<BufferedImage> firstFrame, Optional<BufferedImage> lastFrame, List<BufferedImage> controlFrames) {

    /**
     * Brings a request's pictures to the video's size.
     *
     * @param request with a size
     */
    public static VideoInputs of(VideoRequest request) {
        ImageSize size = request.size().orElseThrow();
        return new VideoInputs(
                request.firstFrame().map(picture -> resized(picture, request, size)),
                request.lastFrame().map(picture -> resized(picture, request, size)),
                request.controlFrames().stream()
                        .map(picture -> resized(picture, request, size))
                        .toList());
    }

    private static BufferedImage resized(Picture picture, VideoRequest request, ImageSize size) {
        return ImageProcessor.resize(
                ImageProcessor.toRgb(picture.toBufferedImage()), size.width(), size.height(), request.resizeMode());
    }
}
