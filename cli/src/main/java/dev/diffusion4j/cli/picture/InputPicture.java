package dev.diffusion4j.cli.picture;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.image.ImageProcessor;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/** Reads a user's picture: any format that ImageIO and its plug-ins know, whole, upright, without transparency. */
public final class InputPicture {

    private InputPicture() {}

    /**
     * Reads a picture; what is transparent becomes white.
     *
     * @return a picture of type {@link BufferedImage#TYPE_INT_RGB}
     * @throws ImageFileException if the file is missing, no picture, damaged or too large
     */
    public static BufferedImage read(Path file) {
        return ImageProcessor.toRgb(ImageFiles.read(file));
    }

    /**
     * Reads a mask; what is transparent becomes black, which keeps the picture there.
     *
     * @return a picture of type {@link BufferedImage#TYPE_BYTE_GRAY}
     * @throws ImageFileException if the file is missing, no picture, damaged or too large
     */
    public static BufferedImage readMask(Path file) {
        return ImageProcessor.toMask(ImageFiles.read(file));
    }
}
