package dev.diffusion4j.image;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.image.PictureWriter;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/** Writes pictures without a report of how they were made; generated images save themselves with theirs. */
public final class ImageFiles {

    private ImageFiles() {}

    /** Whether a name ends in {@code .png}, {@code .jpg} or {@code .jpeg}, in any case. */
    public static boolean isSupported(Path path) {
        return PictureWriter.isSupported(path);
    }

    /**
     * Writes a picture in the format that the name's ending says. A file appears whole or not at all; an existing one is
     * replaced, and a symbolic link goes on pointing to its target, which is replaced.
     *
     * @param image of any type; JPEG files have no transparency, and what is transparent becomes white
     * @return the path
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public static Path write(BufferedImage image, Path path) {
        boolean flat = image.getColorModel().hasAlpha() && !PictureWriter.takesAlpha(path);
        PictureWriter.save(flat ? ImageProcessor.toRgb(image) : image, path);
        return path;
    }
}
