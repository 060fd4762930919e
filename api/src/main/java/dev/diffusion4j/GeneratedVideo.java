package dev.diffusion4j;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.image.PixelBuffers;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.internal.video.AnimationWriter;
import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A video that a model generated: frames of one size, and with some models what is heard. Immutable and safe for use by several
 * threads; it stays valid after its model is closed.
 */
public final class GeneratedVideo {

    private final List<RgbImage> frames;
    private final Optional<GeneratedAudio> audio;
    private final VideoReport report;

    /** @param frames of one size, at least one; the report's request has their rate */
    GeneratedVideo(List<RgbImage> frames, Optional<GeneratedAudio> audio, VideoReport report) {
        this.frames = List.copyOf(frames);
        this.audio = audio;
        this.report = report;
    }

    /**
     * A silent video as the models of an application's tests hand out.
     *
     * @param frames of one size and any type, at least one; what is transparent is taken as it is without
     * @param report whose request has the number of frames a second
     * @throws IllegalArgumentException if there are no frames, or sizes or that number are missing or differ
     */
    public static GeneratedVideo of(List<BufferedImage> frames, VideoReport report) {
        List<RgbImage> copies = frames.stream().map(PixelBuffers::copyOf).toList();
        Objects.requireNonNull(report, "report");
        if (report.request().framesPerSecond().isEmpty()) {
            throw new IllegalArgumentException(
                    "the report's request does not say how many frames are seen in a second");
        }
        if (copies.isEmpty() || copies.stream().anyMatch(frame -> !isAs(frame, copies.getFirst()))) {
            throw new IllegalArgumentException("a video has at least one frame, and frames of one size");
        }
        return new GeneratedVideo(copies, Optional.empty(), report);
    }

    private static boolean isAs(RgbImage frame, RgbImage first) {
        return frame.width() == first.width() && frame.height() == first.height();
    }

    /** In pixels. */
    public int width() {
        return frames.getFirst().width();
    }

    /** In pixels. */
    public int height() {
        return frames.getFirst().height();
    }

    /** How many frames there are: as many as were asked for. */
    public int frameCount() {
        return frames.size();
    }

    /** How many frames are seen in a second. */
    public int framesPerSecond() {
        return report.request().framesPerSecond().orElseThrow();
    }

    /**
     * A copy of a frame as {@link BufferedImage#TYPE_INT_RGB}.
     *
     * @param index from 0
     * @throws IndexOutOfBoundsException if there is none
     */
    public BufferedImage frame(int index) {
        return frames.get(index).toBufferedImage();
    }

    /**
     * The pixels of a frame, read-only and on the heap: 3 bytes a pixel (red, green, blue), rows top down, no padding.
     *
     * @param index from 0
     * @throws IndexOutOfBoundsException if there is none
     */
    public MemorySegment pixels(int index) {
        return frames.get(index).pixels();
    }

    /** What is heard; empty if the model makes nothing of it. */
    public Optional<GeneratedAudio> audio() {
        return audio;
    }

    /** The seed that draws this very video again. */
    public long seed() {
        return report.request().seed().orElse(0);
    }

    /** How it was made. */
    public VideoReport report() {
        return report;
    }

    /** What was asked for and not done: a sentence each, unmodifiable. */
    public List<String> warnings() {
        return report.warnings();
    }

    /**
     * The report as a JSON object, for machines: {@code generator}, {@code runtime}, {@code model}, {@code seed}, {@code width},
     * {@code height}, {@code frames}, {@code framesPerSecond}, and the {@code request}, which
     * {@link dev.diffusion4j.request.VideoRequest#fromJson} reads.
     */
    public String parametersJson() {
        return report.toJson(width(), height(), frameCount());
    }

    /**
     * Saves the frames as an animation in the format that the name's ending says: {@code .gif}, with up to 256 colours for all
     * frames, or {@code .apng} or {@code .png}, an animated PNG without loss. Both run for ever, and hold the report: under the
     * keyword {@code diffusion4j} of the PNG, as comment of the GIF. A GIF's frames last hundredths of a second, at least two, which
     * are set so that the whole lasts as long as it shall. A file appears whole or not at all; an existing one is replaced.
     *
     * @return the path
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public Path save(Path path) {
        AnimationWriter.save(frames, framesPerSecond(), parametersJson(), path);
        return path;
    }

    /**
     * Saves each frame as a PNG file: {@code frame-0000.png} and so on, with the report in the first one.
     *
     * @param folder which is made if it is not there
     * @return the files, in order
     * @throws ImageFileException if one cannot be written
     */
    public List<Path> saveFrames(Path folder) {
        return AnimationWriter.saveFrames(frames, parametersJson(), folder);
    }

    /** Such as {@code 832x480 video, 33 frames, seed 42}. */
    @Override
    public String toString() {
        return width() + "x" + height() + " video, " + frameCount() + " frames, seed " + seed();
    }
}
