package dev.diffusion4j.modelfile;

import dev.diffusion4j.image.ImageSize;
import java.util.Objects;
import java.util.Optional;

/**
 * The form of the videos that models of a family make.
 *
 * @param size in pixels, usual for the family
 * @param frames how many are usual
 * @param framesPerSecond usual
 * @param frameStep a video has one frame and a multiple of this many more: the autoencoder makes so many frames of one step in time
 */
public record VideoFormat(ImageSize size, int frames, int framesPerSecond, int frameStep) {

    public VideoFormat {
        Objects.requireNonNull(size, "size");
    }

    /** That of a family, as its makers recommend it; empty where the runtime makes no video with it. */
    public static Optional<VideoFormat> of(ModelFamily family) {
        return switch (family) {
            case WAN2, WAN2_2_I2V -> Optional.of(new VideoFormat(new ImageSize(832, 480), 81, 16, 4));
            case WAN2_2_TI2V -> Optional.of(new VideoFormat(new ImageSize(1280, 704), 121, 24, 4));
            case LTXAV -> Optional.of(new VideoFormat(new ImageSize(768, 512), 121, 24, 8));
            default -> Optional.empty();
        };
    }

    /** Whether a video can have that many frames. */
    public boolean has(int count) {
        return count >= 1 && (count - 1) % frameStep == 0;
    }

    /** The largest number of frames that is possible and no more than that many, which are at least 1. */
    public int below(int count) {
        return (count - 1) / frameStep * frameStep + 1;
    }
}
