package dev.diffusion4j;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.engine.UpscalerInfo;
import dev.diffusion4j.internal.image.PictureWriter;
import dev.diffusion4j.internal.image.PixelBuffers;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.request.UpscaleRequest;
import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A picture that an upscaler enlarged. Immutable and safe for use by several threads; it stays valid after the upscaler is closed.
 */
public final class UpscaledImage {

    private final RgbImage image;
    private final UpscaleRequest request;
    private final UpscalerInfo info;
    private final String upscaler;
    private final List<String> warnings;

    UpscaledImage(RgbImage image, UpscaleRequest request, UpscalerInfo info, String upscaler, List<String> warnings) {
        this.image = image;
        this.request = request;
        this.info = info;
        this.upscaler = upscaler;
        this.warnings = warnings;
    }

    /**
     * A picture as the upscalers of an application's tests hand out.
     *
     * @param image of any type; what is transparent is taken as it is without
     * @param upscaler the name of the upscaler's file
     * @param scale how many times the upscaler enlarges
     */
    public static UpscaledImage of(BufferedImage image, UpscaleRequest request, String upscaler, int scale) {
        return new UpscaledImage(
                PixelBuffers.copyOf(image),
                Objects.requireNonNull(request, "request"),
                new UpscalerInfo("", "", scale),
                Objects.requireNonNull(upscaler, "upscaler"),
                List.of());
    }

    /** In pixels. */
    public int width() {
        return image.width();
    }

    /** In pixels. */
    public int height() {
        return image.height();
    }

    /** What was enlarged, and how. */
    public UpscaleRequest request() {
        return request;
    }

    /** The name of the upscaler's file. */
    public String upscaler() {
        return upscaler;
    }

    /** How many times larger the picture is in each direction, all repetitions taken together. */
    public int factor() {
        return Math.toIntExact(Math.round(Math.pow(info.scale(), request.repeat())));
    }

    /** What was asked for and not done, a sentence each; unmodifiable. */
    public List<String> warnings() {
        return warnings;
    }

    /** The pixels, read-only and on the heap: 3 bytes a pixel (red, green, blue), rows top down, no padding. */
    public MemorySegment pixels() {
        return image.pixels();
    }

    /** A copy as {@link BufferedImage#TYPE_INT_RGB}. */
    public BufferedImage toBufferedImage() {
        return image.toBufferedImage();
    }

    /**
     * How the picture was made, as other tools write and read it: what the request says of it, then the upscaler and its factor
     * ({@code Postprocess upscale by}, {@code Postprocess upscaler}).
     */
    public String parametersText() {
        return ReportText.text(this);
    }

    /**
     * How the picture was made, for machines: the JSON object of the request's parameters, if there is one, with {@code width} and
     * {@code height} of this very picture and an object {@code upscaling}.
     */
    public String parametersJson() {
        return ReportText.json(this, info.runtime());
    }

    /**
     * Saves the picture as {@link GeneratedImage#save} does.
     *
     * @return the path
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public Path save(Path path) {
        PictureWriter.save(toBufferedImage(), path, parametersText(), parametersJson());
        return path;
    }

    /**
     * The picture as a PNG file in memory.
     *
     * @throws ImageFileException if it cannot be encoded
     */
    public byte[] toPng() {
        return PictureWriter.png(toBufferedImage(), parametersText(), parametersJson());
    }

    /**
     * The picture as a JPEG file in memory.
     *
     * @param quality 0 (the smallest file) to 1
     * @throws InvalidRequestException if the quality is out of range
     * @throws ImageFileException if it cannot be encoded
     */
    public byte[] toJpeg(double quality) {
        Checks.range("quality", quality, 0, 1);
        return PictureWriter.jpeg(toBufferedImage(), quality, parametersText(), parametersJson());
    }

    /** Such as {@code 512x512 image, enlarged 4 times by shapes-x4.safetensors}. */
    @Override
    public String toString() {
        return width() + "x" + height() + " image, enlarged " + factor() + " times by " + upscaler;
    }
}
