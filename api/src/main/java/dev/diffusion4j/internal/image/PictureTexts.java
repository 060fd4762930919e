package dev.diffusion4j.internal.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The texts that a picture's file carries: the text chunks of PNG by their keywords, and JPEG's comment. */
public final class PictureTexts {

    /** What {@link PictureWriter} calls the text that it puts into a JPEG's comment. */
    private static final String COMMENT = "parameters";

    /** PNG's kinds of chunks, and which attribute has the text. */
    private static final Map<String, String> CHUNKS =
            Map.of("tEXtEntry", "value", "iTXtEntry", "text", "zTXtEntry", "text");

    private PictureTexts() {}

    /**
     * Reads them.
     *
     * @return none if the picture is of another format
     * @throws IOException if the file cannot be read or is damaged
     */
    public static Map<String, String> read(ImageInputStream in) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        if (!readers.hasNext()) {
            throw new IIOException("it is no picture of a known format");
        }
        ImageReader reader = readers.next();
        try {
            reader.setInput(in);
            IIOMetadata metadata = reader.getImageMetadata(0);
            return switch (metadata.getNativeMetadataFormatName()) {
                case PictureWriter.PNG_METADATA -> chunks(root(metadata));
                case PictureWriter.JPEG_METADATA -> comment(root(metadata));
                case null, default -> Map.of();
            };
        } catch (RuntimeException e) {
            // ImageIO's readers run into damage in many ways.
            throw new IIOException("it is damaged", e);
        } finally {
            reader.dispose();
        }
    }

    private static Element root(IIOMetadata metadata) {
        return (Element) metadata.getAsTree(metadata.getNativeMetadataFormatName());
    }

    private static Map<String, String> chunks(Element root) {
        Map<String, String> texts = new LinkedHashMap<>();
        CHUNKS.forEach((name, attribute) -> {
            NodeList entries = root.getElementsByTagName(name);
            for (int i = 0; i < entries.getLength(); i++) {
                Element entry = (Element) entries.item(i);
                texts.put(entry.getAttribute("keyword"), entry.getAttribute(attribute));
            }
        });
        return texts;
    }

    private static Map<String, String> comment(Element root) {
        NodeList comments = root.getElementsByTagName("com");
        return comments.getLength() > 0
                        && comments.item(0) instanceof IIOMetadataNode node
                        && node.getUserObject() instanceof byte[] bytes
                ? Map.of(COMMENT, decode(bytes))
                : Map.of();
    }

    /** UTF-8 where it is, else Latin-1, in which every byte means something. */
    private static String decode(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }
}
