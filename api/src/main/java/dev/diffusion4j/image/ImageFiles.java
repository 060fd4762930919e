package dev.diffusion4j.image;

import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.ImageFileException;
import dev.diffusion4j.internal.ImageWriting;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/** Writes pictures that no prompt explains. {@link GeneratedImage#save} writes drawn ones with their parameters. */
public final class ImageFiles {

    private ImageFiles() {}

    /** Whether a name ends in {@code .png}, {@code .jpg} or {@code .jpeg}, in any case. */
    public static boolean isSupported(Path path) {
        return ImageWriting.isSupported(path);
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
        ImageWriting.save(image, path);
        return path;
    }
}
