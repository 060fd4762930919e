package dev.diffusion4j.image;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.image.BytesImageInputStream;
import dev.diffusion4j.internal.image.PictureDecoder;
import dev.diffusion4j.internal.image.PictureTexts;
import dev.diffusion4j.internal.image.PictureWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/**
 * Reads pictures that a request begins from, and writes pictures without a report of how they were made; generated images save
 * themselves with theirs.
 *
 * <p>What is read is whole and upright, which {@link javax.imageio.ImageIO#read} does not see to: a file that is cut off is an error
 * and not half grey, and a photograph is turned as EXIF says that the camera was held. PNG, JPEG, GIF, BMP and TIFF are known, and what
 * plug-ins of ImageIO add, such as WebP.
 */
public final class ImageFiles {

    /** More than most cameras take. Decoding a picture takes up to 12 bytes of memory for each pixel. */
    public static final long MAX_PIXELS = 64_000_000;

    private ImageFiles() {}

    /**
     * Reads a picture of at most {@link #MAX_PIXELS}.
     *
     * @return of the type that suits the file, transparency included
     * @throws ImageFileException if the file is missing, no picture, damaged or too large
     */
    public static BufferedImage read(Path file) {
        return read(file, new PictureDecoder(file.toString(), MAX_PIXELS)::decode);
    }

    /**
     * Reads the texts that a picture's file carries, without decoding the picture: PNG's text chunks by their keywords, among them
     * {@code parameters}, which tells how a generated image was made, and JPEG's comment under that name.
     *
     * @return empty if there are none, or the picture is of another format
     * @throws ImageFileException if the file is missing, no picture or damaged
     */
    public static Map<String, String> texts(Path file) {
        return read(file, PictureTexts::read);
    }

    private static <T> T read(Path file, Reading<T> reading) {
        if (!Files.exists(file)) {
            throw new ImageFileException(file + " does not exist");
        }
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new ImageFileException(file + " is not a file that can be read");
        }
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            return reading.from(in);
        } catch (IOException e) {
            throw new ImageFileException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private interface Reading<T> {

        T from(ImageInputStream in) throws IOException;
    }

    /**
     * Reads a picture from the bytes of a file.
     *
     * @param maxPixels of the largest picture that is decoded; a larger one is refused by its header
     * @return of the type that suits the file, transparency included
     * @throws ImageFileException if it is no picture, damaged or too large
     */
    public static BufferedImage read(byte[] file, long maxPixels) {
        return read(file, new PictureDecoder("the picture", maxPixels)::decode);
    }

    /**
     * Reads the texts that the bytes of a picture's file carry, as {@link #texts(Path)} does.
     *
     * @throws ImageFileException if it is no picture or damaged
     */
    public static Map<String, String> texts(byte[] file) {
        return read(file, PictureTexts::read);
    }

    private static <T> T read(byte[] file, Reading<T> reading) {
        try (ImageInputStream in = new BytesImageInputStream(file)) {
            return reading.from(in);
        } catch (IOException e) {
            throw new ImageFileException("the picture cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * What a picture's file says of how the picture was made: the texts {@code parameters} and {@code diffusion4j} of a PNG file, or the
     * comment of a JPEG file.
     *
     * @return empty if it says nothing
     * @throws ImageFileException if the file is missing, no picture or damaged
     */
    public static Optional<PictureParameters> parameters(Path file) {
        Map<String, String> texts = texts(file);
        return Optional.ofNullable(texts.get(PictureTexts.PARAMETERS))
                .map(text -> new PictureParameters(text, Optional.ofNullable(texts.get("diffusion4j"))));
    }

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
