package dev.diffusion4j;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * What a running generation is doing.
 *
 * @param phase the part of the work that {@code step} and {@code of} count
 * @param step how much of the phase is done, from 0 to {@code of}: tensors while loading, prompts while encoding,
 *     denoising steps of the current image while sampling, images or VAE tiles while decoding, tiles while upscaling
 * @param of how much there is in the phase, at least 1
 * @param image the image worked on, or which time it is enlarged, from 0
 * @param images how many images were asked for, or how many times an image is enlarged
 * @param elapsed since the generation began
 * @param stepsPerSecond denoising steps per second of this sampling phase, 0 while nothing can be said
 * @param remaining estimate until the last image is sampled, once there is one
 */
public record Progress(
        Phase phase,
        int step,
        int of,
        int image,
        int images,
        Duration elapsed,
        double stepsPerSecond,
        Optional<Duration> remaining) {

    public Progress {
        Objects.requireNonNull(phase, "phase");
        Objects.requireNonNull(elapsed, "elapsed");
        Objects.requireNonNull(remaining, "remaining");
    }

    /**
     * The phases in the order they begin, and that of an {@link Upscaler}. Loading comes up again when further weights are needed
     * for the first time.
     */
    public enum Phase {
        LOADING,
        ENCODING,
        SAMPLING,
        DECODING,
        UPSCALING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** One line, such as {@code sampling 5/20, 2.3 steps/s, 6 s left}. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder().append(phase);
        if (images > 1 && (phase == Phase.SAMPLING || phase == Phase.UPSCALING)) {
            line.append(" image ").append(image + 1).append('/').append(images);
        }
        line.append(' ').append(step).append('/').append(of);
        if (stepsPerSecond > 0) {
            line.append(String.format(Locale.ROOT, ", %.2f steps/s", stepsPerSecond));
        }
        remaining.ifPresent(left ->
                line.append(", ").append(left.plusMillis(500).toSeconds()).append(" s left"));
        return line.toString();
    }
}
