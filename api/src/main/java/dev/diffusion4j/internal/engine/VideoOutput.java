package dev.diffusion4j.internal.engine;

import dev.diffusion4j.internal.image.RgbImage;
import java.util.List;
import java.util.Optional;

/**
 * What an engine makes of a request for a video.
 *
 * @param frames in the order in which they are seen
 * @param audio what is heard, if the model makes it
 */
public record VideoOutput(List<RgbImage> frames, Optional<Audio> audio) {

    /**
     * Sound.
     *
     * @param sampleRate samples of each channel in a second
     * @param channels how many there are
     * @param samples from -1 to 1, those of all channels at one time beside each other
     */
    public record Audio(int sampleRate, int channels, float[] samples) {}
}
