package dev.diffusion4j;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.image.PictureWriter;
import dev.diffusion4j.internal.image.PixelBuffers;
import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A picture that a model generated. Immutable and safe for use by several threads; it stays valid after its model is closed.
 */
public final class GeneratedImage {

    private final RgbImage image;
    private final int index;
    private final GenerationReport report;

    GeneratedImage(RgbImage image, int index, GenerationReport report) {
        this.image = image;
        this.index = index;
        this.report = report;
    }

    /**
     * A picture as the models of an application's tests hand out.
     *
     * @param image of any type; what is transparent is taken as it is without
     */
    public static GeneratedImage of(BufferedImage image, GenerationReport report) {
        return new GeneratedImage(PixelBuffers.copyOf(image), 0, Objects.requireNonNull(report, "report"));
    }

    /** In pixels. */
    public int width() {
        return image.width();
    }

    /** In pixels. */
    public int height() {
        return image.height();
    }

    /** The image's place in its batch, from 0. */
    public int index() {
        return index;
    }

    /** The seed that draws this very image again with a batch of one. */
    public long seed() {
        return report.request().seed().orElse(0);
    }

    /** How it was made. */
    public GenerationReport report() {
        return report;
    }

    /**
     * What was asked for and not done: a sentence each, unmodifiable, the same for all images of a batch.
     * {@link GenerationListener#onWarning} tells of it while the image is drawn.
     */
    public List<String> warnings() {
        return report.warnings();
    }

    /** The pixels, read-only and on the heap: 3 bytes a pixel (red, green, blue), rows top down, no padding. */
    public MemorySegment pixels() {
        return image.pixels();
    }

    /** A copy as {@link BufferedImage#TYPE_INT_RGB}. */
    public BufferedImage toBufferedImage() {
        return image.toBufferedImage();
    }

    /** The report as other tools write and read it: prompt, negative prompt and {@code key: value} pairs. */
    public String parametersText() {
        return ReportText.text(report, width(), height());
    }

    /**
     * The report as a JSON object, for machines: {@code generator}, {@code runtime}, {@code model}, {@code seed}, {@code width} and
     * {@code height} of this very picture, and the {@code request}, which
     * {@link dev.diffusion4j.request.ImageRequest#fromJson} reads.
     */
    public String parametersJson() {
        return ReportText.json(report, width(), height());
    }

    /**
     * Saves the picture in the format that the name's ending says: {@code .png}, with the report under the keywords
     * {@code parameters} (text) and {@code diffusion4j} (JSON), or {@code .jpg}/{@code .jpeg} with the text as comment.
     * A file appears whole or not at all; an existing one is replaced.
     *
     * @return the path
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public Path save(Path path) {
        PictureWriter.save(toBufferedImage(), path, parametersText(), parametersJson());
        return path;
    }

    /**
     * The picture as a PNG file in memory, with the report as {@link #save} writes it.
     *
     * @throws ImageFileException if it cannot be encoded
     */
    public byte[] toPng() {
        return PictureWriter.png(toBufferedImage(), parametersText(), parametersJson());
    }

    /**
     * The picture as a JPEG file in memory, with the report as {@link #save} writes it.
     *
     * @param quality 0 (the smallest file) to 1
     * @throws InvalidRequestException if the quality is out of range
     * @throws ImageFileException if it cannot be encoded
     */
    public byte[] toJpeg(double quality) {
        Checks.range("quality", quality, 0, 1);
        return PictureWriter.jpeg(toBufferedImage(), quality, parametersText(), parametersJson());
    }

    /** Such as {@code 512x512 image, seed 42}. */
    @Override
    public String toString() {
        return width() + "x" + height() + " image, seed " + seed();
    }
}
