package dev.diffusion4j.springai;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageFiles;
import java.awt.image.BufferedImage;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.ImageMessage;

/**
 * What the messages of a prompt say.
 *
 * @param text what to draw
 * @param negativeText what to avoid, may be empty
 * @param pictures input pictures
 * @param mask where a picture is redrawn
 */
record PromptMessages(String text, String negativeText, List<BufferedImage> pictures, Optional<BufferedImage> mask) {

    private static final String BASE64 = ";base64,";

    static PromptMessages read(List<ImageMessage> messages) {
        List<String> wanted = new ArrayList<>();
        List<String> unwanted = new ArrayList<>();
        List<BufferedImage> pictures = new ArrayList<>();
        Optional<BufferedImage> mask = Optional.empty();
        for (ImageMessage message : messages) {
            addText(message, wanted, unwanted);
            for (Media media : message.getMedia()) {
                pictures.add(read(media, "media"));
            }
            Object cut = message.getMetadata().get(Diffusion4jImageModel.MASK);
            if (cut != null) {
                if (!(cut instanceof Media media) || mask.isPresent()) {
                    throw new InvalidRequestException("mask", cut, "one Media in the metadata of one message");
                }
                mask = Optional.of(read(media, "mask"));
            }
        }
        return new PromptMessages(String.join(", ", wanted), String.join(", ", unwanted), pictures, mask);
    }

    private static void addText(ImageMessage message, List<String> wanted, List<String> unwanted) {
        String text = message.getText();
        Float weight = message.getWeight();
        if (text == null || text.isBlank()) {
            return;
        }
        if (weight == null) {
            wanted.add(text);
        } else if (weight > 0 && Float.isFinite(weight)) {
            wanted.add(weighted(text, weight));
        } else if (weight < 0 && Float.isFinite(weight)) {
            unwanted.add(weighted(text, -weight));
        } else {
            throw new InvalidRequestException("weight", weight, "above 0 for what to draw, below 0 for what to avoid");
        }
    }

    /** As prompts write it. */
    private static String weighted(String text, float weight) {
        return weight == 1 ? text : "(" + text + ":" + weight + ")";
    }

    private static BufferedImage read(Media media, String field) {
        return switch (media.getData()) {
            case byte[] file -> ImageFiles.read(file, ImageFiles.MAX_PIXELS);
            case String url -> read(url, field);
            default -> throw new InvalidRequestException(field, media.getMimeType(), "bytes or a URL");
        };
    }

    private static BufferedImage read(String url, String field) {
        String scheme = url.substring(0, Math.max(0, url.indexOf(':'))).toLowerCase(Locale.ROOT);
        if (scheme.equals("file")) {
            return ImageFiles.read(path(url, field));
        }
        int begin = url.indexOf(BASE64);
        if (scheme.equals("data") && begin >= 0) {
            return ImageFiles.read(decode(url.substring(begin + BASE64.length()), field), ImageFiles.MAX_PIXELS);
        }
        // Nothing is fetched from other machines.
        throw new InvalidRequestException(
                field, url.length() > 40 ? url.substring(0, 40) + "..." : url, "bytes, or a file: or data: URL");
    }

    private static Path path(String url, String field) {
        try {
            return Path.of(URI.create(url));
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(field, url, "the URL of a file of this machine, such as file:///a.png");
        }
    }

    private static byte[] decode(String base64, String field) {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(field, "something else", "in base 64");
        }
    }
}
