package dev.diffusion4j.server.internal.request;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.server.internal.http.HttpException;
import java.awt.image.BufferedImage;
import java.util.Base64;
import java.util.Map;

/** Reads pictures of requests: their size is looked at before anything is decoded. */
public final class PictureReader {

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
        try {
            return ImageFiles.read(file, maxPixels);
        } catch (ImageFileException e) {
            throw HttpException.badRequest(param, e.getMessage());
        }
    }

    /**
     * The texts that a picture's file carries.
     *
     * @param param what the request calls it
     * @throws HttpException if it is no picture or damaged
     */
    public static Map<String, String> texts(byte[] file, String param) {
        try {
            return ImageFiles.texts(file);
        } catch (ImageFileException e) {
            throw HttpException.badRequest(param, e.getMessage());
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
}
