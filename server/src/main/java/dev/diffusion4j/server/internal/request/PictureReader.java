package dev.diffusion4j.server.internal.request;

import dev.diffusion4j.server.internal.http.HttpException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Reads pictures of requests: their size is looked at before anything is decoded. */
public final class PictureReader {

    private static final Set<String> FORMATS = Set.of("png", "jpeg", "jpg", "webp", "gif", "bmp");

    private static final int MAX_SIDE = 16384;

    private final long maxPixels;

    /**
     * @param maxPixels of one picture
     */
    public PictureReader(long maxPixels) {
        this.maxPixels = maxPixels;
    }

    /**
     * A picture's file.
     *
     * @param param what the request calls it
     * @throws HttpException if it is none, damaged or too large
     */
    public BufferedImage read(byte[] file, String param) {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            ImageReader reader = reader(in, param);
            try {
                reader.setInput(in, true);
                requireSize(reader.getWidth(0), reader.getHeight(0), param);
                return reader.read(0);
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException e) {
            if (e instanceof HttpException refused) {
                throw refused;
            }
            // Readers meet damaged files with more than IOException.
            throw HttpException.badRequest(param, "the picture is damaged and cannot be read");
        }
    }

    /** A picture's file as text: base 64, alone or as a {@code data:} URL. */
    public BufferedImage readText(String text, String param) {
        return read(bytes(text, param), param);
    }

    /**
     * The bytes of a picture's file that is text.
     *
     * @throws HttpException if it is not base 64
     */
    public static byte[] bytes(String text, String param) {
        String base64 = text;
        if (text.startsWith("data:")) {
            int comma = text.indexOf(',');
            if (comma < 0 || !text.substring(0, comma).endsWith(";base64")) {
                throw HttpException.badRequest(param, "a picture must be base 64, or a data: URL of that");
            }
            base64 = text.substring(comma + 1);
        }
        try {
            return Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw HttpException.badRequest(param, "a picture must be base 64, or a data: URL of that");
        }
    }

    private static ImageReader reader(ImageInputStream in, String param) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                return reader;
            }
        }
        throw HttpException.badRequest(param, "this is no picture of a known format (PNG, JPEG, WebP, GIF or BMP)");
    }

    private void requireSize(int width, int height, String param) {
        if (width > MAX_SIDE || height > MAX_SIDE || (long) width * height > maxPixels) {
            throw HttpException.badRequest(
                    param, "the picture has " + width + "x" + height + " pixels; the most are " + maxPixels);
        }
    }
}
