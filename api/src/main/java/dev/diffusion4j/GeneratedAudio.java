package dev.diffusion4j;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.engine.VideoOutput;
import dev.diffusion4j.internal.video.WavFile;
import java.nio.file.Path;
import java.time.Duration;

/** What is heard with a video. Immutable and safe for use by several threads. */
public final class GeneratedAudio {

    private final VideoOutput.Audio audio;

    GeneratedAudio(VideoOutput.Audio audio) {
        this.audio = audio;
    }

    /** Samples of each channel in a second. */
    public int sampleRate() {
        return audio.sampleRate();
    }

    /** How many channels there are. */
    public int channels() {
        return audio.channels();
    }

    /** A copy of the samples, from -1 to 1, those of all channels at one time beside each other. */
    public float[] samples() {
        return audio.samples().clone();
    }

    /** How long it lasts. */
    public Duration duration() {
        return Duration.ofMillis(1000L * audio.samples().length / audio.channels() / audio.sampleRate());
    }

    /**
     * Saves it as a WAV file of 16 bits a sample. It appears whole or not at all; an existing one is replaced.
     *
     * @return the path
     * @throws ImageFileException if it cannot be written
     */
    public Path save(Path path) {
        WavFile.save(audio.samples(), sampleRate(), channels(), path);
        return path;
    }

    /** Such as {@code 2 channels, 48000 Hz, 2.1 s}. */
    @Override
    public String toString() {
        return channels() + " channels, " + sampleRate() + " Hz, " + duration().toMillis() / 1000.0 + " s";
    }
}
