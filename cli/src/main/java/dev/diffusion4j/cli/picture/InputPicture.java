package dev.diffusion4j.cli.picture;

import dev.diffusion4j.GenerationRequest;
import dev.diffusion4j.ImageFileException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/** Reads a user's picture: any format that ImageIO and its plug-ins know, upright, without transparency. */
public final class InputPicture {

    /** More than most cameras take. Decoding a picture takes up to 12 bytes of memory for each pixel. */
    private static final long MAX_PIXELS = 64_000_000;

    private InputPicture() {}

    /**
     * Reads a picture; what is transparent becomes white.
     *
     * @throws ImageFileException if the file is missing, no picture, damaged or too large
     */
    public static BufferedImage read(Path file) {
        return read(file, Color.WHITE);
    }

    /**
     * Reads a mask; what is transparent becomes black, which keeps the picture there.
     *
     * @throws ImageFileException if the file is missing, no picture, damaged or too large
     */
    public static BufferedImage readMask(Path file) {
        return read(file, Color.BLACK);
    }

    private static BufferedImage read(Path file, Color background) {
        if (!Files.exists(file)) {
            throw new ImageFileException(file + " does not exist");
        }
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new ImageFileException(file + " is not a file that can be read");
        }
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new ImageFileException(
                        file + " is not a picture of a known format (PNG, JPEG, WebP, GIF, BMP or TIFF)");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in);
                requireSize(file, reader.getWidth(0), reader.getHeight(0));
                return Orientation.of(file).applyTo(flatten(reader.read(0), background));
            } finally {
                reader.dispose();
            }
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            // Readers meet damaged files with more than IOException.
            throw new ImageFileException(file + " cannot be read: " + reason(e), e);
        }
    }

    private static void requireSize(Path file, int width, int height) {
        int limit = GenerationRequest.MAX_SIZE;
        if (width > limit || height > limit) {
            throw new ImageFileException(
                    file + " has " + width + "x" + height + " pixels; the most is " + limit + "x" + limit);
        }
        if ((long) width * height > MAX_PIXELS) {
            throw new ImageFileException(file + " has " + width + "x" + height + " pixels; the most are 64 million");
        }
    }

    private static BufferedImage flatten(BufferedImage image, Color background) {
        BufferedImage flat = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = flat.createGraphics();
        graphics.drawImage(image, 0, 0, background, null);
        graphics.dispose();
        return flat;
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? "it is damaged" : e.getMessage();
    }
}
