package dev.diffusion4j.cli.picture;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.request.ImageRequest;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/** Reads a user's picture: any format that ImageIO and its plug-ins know, whole, upright, without transparency. */
public final class InputPicture {

    /** More than most cameras take. Decoding a picture takes up to 12 bytes of memory for each pixel. */
    private static final long MAX_PIXELS = 64_000_000;

    /** The JPEG reader's words where data end too early; it has others, of which some mean no harm. */
    private static final Pattern MISSING_DATA = Pattern.compile("Truncated File|premature end");

    private InputPicture() {}

    /**
     * Reads a picture; what is transparent becomes white.
     *
     * @return a picture of type {@link BufferedImage#TYPE_INT_RGB}
     * @throws ImageFileException if the file is missing, no picture, damaged or too large
     */
    public static BufferedImage read(Path file) {
        return read(file, ImageProcessor::toRgb);
    }

    /**
     * Reads a mask; what is transparent becomes black, which keeps the picture there.
     *
     * @return a picture of type {@link BufferedImage#TYPE_BYTE_GRAY}
     * @throws ImageFileException if the file is missing, no picture, damaged or too large
     */
    public static BufferedImage readMask(Path file) {
        return read(file, ImageProcessor::toMask);
    }

    private static BufferedImage read(Path file, UnaryOperator<BufferedImage> conversion) {
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
            PictureStructure structure = new PictureStructure(in);
            if (structure.isCutOff()) {
                throw cutOff(file);
            }
            OptionalInt transparentGrey = structure.transparentGrey();
            in.seek(0);
            in.setByteOrder(ByteOrder.BIG_ENDIAN);
            BufferedImage stored = decode(file, in, readers.next());
            transparentGrey.ifPresent(grey -> makeTransparent(stored, grey));
            return Orientation.of(file).applyTo(conversion.apply(stored));
        } catch (ImageFileException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Readers meet damaged files with more than IOException.
            throw new ImageFileException(file + " cannot be read: " + reason(e), e);
        }
    }

    private static BufferedImage decode(Path file, ImageInputStream in, ImageReader reader) throws IOException {
        List<String> warnings = new ArrayList<>();
        try {
            reader.addIIOReadWarningListener((_, warning) -> warnings.add(warning));
            reader.setInput(in);
            requireSize(file, reader.getWidth(0), reader.getHeight(0));
            BufferedImage image = reader.read(0);
            // The JPEG reader fills in what is missing.
            if (warnings.stream().anyMatch(MISSING_DATA.asPredicate())) {
                throw cutOff(file);
            }
            return image;
        } finally {
            reader.dispose();
        }
    }

    /** Java's PNG reader compares the value of 1, 2 or 4 bits with samples that it has stretched to 8, and finds only 0. */
    private static void makeTransparent(BufferedImage image, int grey) {
        WritableRaster raster = image.getRaster();
        if (raster.getNumBands() != 2) {
            return;
        }
        int[] row = new int[2 * image.getWidth()];
        for (int y = 0; y < image.getHeight(); y++) {
            raster.getPixels(0, y, image.getWidth(), 1, row);
            for (int i = 0; i < row.length; i += 2) {
                row[i + 1] = row[i] == grey ? 0 : row[i + 1];
            }
            raster.setPixels(0, y, image.getWidth(), 1, row);
        }
    }

    private static ImageFileException cutOff(Path file) {
        return new ImageFileException(
                file + " cannot be read: it is cut off or damaged, part of the picture is missing");
    }

    private static void requireSize(Path file, int width, int height) {
        int limit = ImageRequest.MAX_SIZE;
        if (width > limit || height > limit) {
            throw new ImageFileException(
                    file + " has " + width + "x" + height + " pixels; the most is " + limit + "x" + limit);
        }
        if ((long) width * height > MAX_PIXELS) {
            throw new ImageFileException(file + " has " + width + "x" + height + " pixels; the most are 64 million");
        }
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? "it is damaged" : e.getMessage();
    }
}
