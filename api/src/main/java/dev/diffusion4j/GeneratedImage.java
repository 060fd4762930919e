package dev.diffusion4j;

import dev.diffusion4j.internal.ImageWriting;
import dev.diffusion4j.internal.ParametersText;
import dev.diffusion4j.internal.RgbImage;
import java.awt.image.BufferedImage;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * A picture that a model drew. Immutable and safe for use by several threads; it stays valid after its model is closed.
 */
public final class GeneratedImage {

    private final RgbImage image;
    private final int index;
    private final GenerationParameters parameters;
    private final String modelName;
    private final List<String> warnings;

    GeneratedImage(
            RgbImage image, int index, GenerationParameters parameters, String modelName, List<String> warnings) {
        this.image = image;
        this.index = index;
        this.parameters = parameters;
        this.modelName = modelName;
        this.warnings = warnings;
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
        return parameters.seed() + index;
    }

    /** What it was drawn with; {@link GenerationParameters#seed()} is that of the batch's first image. */
    public GenerationParameters parameters() {
        return parameters;
    }

    /**
     * What was asked for and not done, such as parts of a LoRA that the model has no use for: a sentence each, unmodifiable,
     * the same for all images of a batch. {@link GenerationRequest#onWarning} tells of it while the image is drawn.
     */
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

    /** The parameters as other tools write and read them: prompt, negative prompt and {@code key: value} pairs. */
    public String parametersText() {
        return ParametersText.text(parameters, seed(), width(), height(), modelName);
    }

    /** The parameters as a JSON object, complete and for machines. */
    public String parametersJson() {
        return ParametersText.json(parameters, seed(), width(), height(), modelName);
    }

    /**
     * Saves the picture in the format that the name's ending says: {@code .png}, with the parameters under the keywords
     * {@code parameters} (text) and {@code diffusion4j} (JSON), or {@code .jpg}/{@code .jpeg} with the text as comment.
     * A file appears whole or not at all; an existing one is replaced.
     *
     * @return the path
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public Path save(Path path) {
        ImageWriting.save(toBufferedImage(), path, parametersText(), parametersJson());
        return path;
    }

    /** Such as {@code 512x512 image, seed 42}. */
    @Override
    public String toString() {
        return width() + "x" + height() + " image, seed " + seed();
    }
}
