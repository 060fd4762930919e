package dev.diffusion4j.langchain4j;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageFiles;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.awt.image.BufferedImage;
import java.net.URI;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;

/** Reads pictures that are edited. Nothing is fetched from other machines. */
final class ImageReader {

    private static final String BASE64 = ";base64,";

    private ImageReader() {}

    static BufferedImage read(Image image) {
        if (image.base64Data() != null) {
            return decode(image.base64Data());
        }
        URI url = image.url();
        if (url == null || url.getScheme() == null) {
            throw new InvalidRequestException("image", url, "in base 64, or a data: or file: URL");
        }
        return switch (url.getScheme().toLowerCase(Locale.ROOT)) {
            case "data" -> decodeUrl(url.toString());
            case "file" -> ImageFiles.read(path(url));
            default ->
                throw new UnsupportedFeatureException("pictures of " + url.getScheme()
                        + ": URLs are not fetched; give them in base 64, or as data: or file: URL");
        };
    }

    private static Path path(URI url) {
        try {
            return Path.of(url);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("image", url, "the URL of a file of this machine, such as file:///a.png");
        }
    }

    private static BufferedImage decodeUrl(String url) {
        int begin = url.indexOf(BASE64);
        if (begin < 0) {
            throw new InvalidRequestException("image", "a data: URL of another encoding", "in base 64");
        }
        return decode(url.substring(begin + BASE64.length()));
    }

    private static BufferedImage decode(String base64) {
        byte[] file;
        try {
            file = Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("image", "something else", "in base 64");
        }
        return ImageFiles.read(file, ImageFiles.MAX_PIXELS);
    }
}
