package dev.diffusion4j.internal.image;

import dev.diffusion4j.error.ImageFileException;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Decodes a user's picture: any format that ImageIO and its plug-ins know, whole and upright.
 *
 * @param name what messages call the picture
 * @param maxPixels of the largest picture that is decoded
 */
public record PictureDecoder(String name, long maxPixels) {

    /** The most pixels of a side, as of pictures that are drawn. */
    private static final int MAX_SIDE = 16384;

    private static final long MILLION = 1_000_000;

    /** The JPEG reader's words where data end too early; it has others, of which some mean no harm. */
    private static final Pattern MISSING_DATA = Pattern.compile("Truncated File|premature end");

    /**
     * Decodes a picture as it is stored, but upright.
     *
     * @throws ImageFileException if it is no picture, damaged or too large
     */
    public BufferedImage decode(ImageInputStream in) {
        try {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new ImageFileException(
                        name + " is not a picture of a known format (PNG, JPEG, WebP, GIF, BMP or TIFF)");
            }
            PictureStructure structure = new PictureStructure(in);
            if (structure.isCutOff()) {
                throw cutOff();
            }
            OptionalInt transparentGrey = structure.transparentGrey();
            // Before the reader, which lets go of what it has read.
            Orientation orientation = Orientation.of(in);
            in.seek(0);
            in.setByteOrder(ByteOrder.BIG_ENDIAN);
            BufferedImage stored = decode(in, readers.next());
            transparentGrey.ifPresent(grey -> makeTransparent(stored, grey));
            return orientation.applyTo(stored);
        } catch (ImageFileException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Readers meet damaged files with more than IOException.
            throw new ImageFileException(name + " cannot be read: " + reason(e), e);
        }
    }

    private BufferedImage decode(ImageInputStream in, ImageReader reader) throws IOException {
        List<String> warnings = new ArrayList<>();
        try {
            reader.addIIOReadWarningListener((_, warning) -> warnings.add(warning));
            reader.setInput(in);
            requireSize(reader.getWidth(0), reader.getHeight(0));
            BufferedImage image = reader.read(0);
            // The JPEG reader fills in what is missing.
            if (warnings.stream().anyMatch(MISSING_DATA.asPredicate())) {
                throw cutOff();
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

    private ImageFileException cutOff() {
        return new ImageFileException(
                name + " cannot be read: it is cut off or damaged, part of the picture is missing");
    }

    private void requireSize(int width, int height) {
        if (width > MAX_SIDE || height > MAX_SIDE) {
            throw new ImageFileException(
                    name + " has " + width + "x" + height + " pixels; the most is " + MAX_SIDE + "x" + MAX_SIDE);
        }
        if ((long) width * height > maxPixels) {
            String most = maxPixels % MILLION == 0 ? maxPixels / MILLION + " million" : String.valueOf(maxPixels);
            throw new ImageFileException(name + " has " + width + "x" + height + " pixels; the most are " + most);
        }
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? "it is damaged" : e.getMessage();
    }
}
