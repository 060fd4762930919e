package dev.diffusion4j.internal.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The texts that a picture's file carries beside the pixels. */
public final class PictureTexts {

    /** The keyword of the parameters, of which {@code diffusion4j} is the JSON. */
    public static final String PARAMETERS = "parameters";

    /** The kinds of chunks, and which attribute has the text. */
    private static final Map<String, String> PNG_ENTRIES =
            Map.of("tEXtEntry", "value", "iTXtEntry", "text", "zTXtEntry", "text");

    private PictureTexts() {}

    /**
     * The texts of a PNG file by their keywords; of a JPEG file its comment, as parameters.
     *
     * @return none if the picture is neither
     * @throws IOException if it is damaged
     */
    public static Map<String, String> read(ImageInputStream in) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        if (!readers.hasNext()) {
            return Map.of();
        }
        ImageReader reader = readers.next();
        try {
            reader.setInput(in);
            return switch (reader.getFormatName()) {
                case "png" -> ofPng(reader.getImageMetadata(0));
                case "JPEG" -> ofJpeg(reader.getImageMetadata(0));
                default -> Map.of();
            };
        } catch (RuntimeException e) {
            // Readers meet damaged files with more than IOException.
            throw new IOException("the picture is damaged", e);
        } finally {
            reader.dispose();
        }
    }

    private static Map<String, String> ofPng(IIOMetadata metadata) {
        Map<String, String> texts = new LinkedHashMap<>();
        Element root = (Element) metadata.getAsTree(metadata.getNativeMetadataFormatName());
        PNG_ENTRIES.forEach((name, attribute) -> {
            NodeList entries = root.getElementsByTagName(name);
            for (int i = 0; i < entries.getLength(); i++) {
                if (entries.item(i) instanceof Element entry) {
                    texts.put(entry.getAttribute("keyword"), entry.getAttribute(attribute));
                }
            }
        });
        return texts;
    }

    private static Map<String, String> ofJpeg(IIOMetadata metadata) {
        Element root = (Element) metadata.getAsTree(metadata.getNativeMetadataFormatName());
        NodeList comments = root.getElementsByTagName("com");
        for (int i = 0; i < comments.getLength(); i++) {
            if (comments.item(i) instanceof IIOMetadataNode node && node.getUserObject() instanceof byte[] bytes) {
                return Map.of(PARAMETERS, new String(bytes, StandardCharsets.UTF_8));
            }
        }
        return Map.of();
    }
}
