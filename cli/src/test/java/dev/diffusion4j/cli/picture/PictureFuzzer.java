package dev.diffusion4j.cli.picture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.request.ImageRequest;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A user's pictures, in every format that is read, and the orientation of JPEG files. */
public final class PictureFuzzer {

    private static final Path FILE = temporaryFile();

    private PictureFuzzer() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        Files.write(FILE, input);
        try {
            BufferedImage picture = InputPicture.read(FILE);
            assertThat(Math.max(picture.getWidth(), picture.getHeight())).isBetween(1, ImageRequest.MAX_SIZE);
        } catch (ImageFileException e) {
            // Refused, as it should be.
        }
    }

    private static Path temporaryFile() {
        try {
            Path file = Files.createTempFile("fuzz", "");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
