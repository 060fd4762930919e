package dev.diffusion4j.cli.picture;

import dev.diffusion4j.ImageFileException;
import dev.diffusion4j.InvalidRequestException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Writes pictures that no prompt explains, such as previews: whole or not at all, without parameters. */
public final class PictureWriter {

    private PictureWriter() {}

    /**
     * The format that a file's name asks for.
     *
     * @return {@code png} or {@code jpeg}
     * @throws InvalidRequestException for other endings
     */
    public static String format(Path file) {
        String name =
                file.getFileName() == null ? "" : file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".png")) {
            return "png";
        } else if (name.endsWith(".jpg") || name.endsWith(".jpeg")) {
            return "jpeg";
        }
        throw new InvalidRequestException(
                "the output's name", "'" + file + "'", "one that ends in .png, .jpg or .jpeg");
    }

    /**
     * Writes a picture; who reads the file meanwhile sees the one before.
     *
     * @throws ImageFileException if it cannot be written
     */
    public static void write(BufferedImage image, Path file) {
        String name = file.getFileName().toString();
        Path temporary = file.resolveSibling("." + name + ".part");
        try {
            try {
                try (OutputStream out = Files.newOutputStream(temporary)) {
                    if (!ImageIO.write(image, format(file), out)) {
                        throw new IOException("no writer for this kind of picture");
                    }
                }
                Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new ImageFileException(file + " cannot be written: " + e.getMessage(), e);
        }
    }
}
