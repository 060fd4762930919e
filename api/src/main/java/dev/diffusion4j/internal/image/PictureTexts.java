package dev.diffusion4j.internal.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
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

    private static final int JPEG_BEGIN = 0xFFD8;
    private static final int JPEG_SCAN = 0xFFDA;
    private static final int JPEG_COMMENT = 0xFFFE;

    private PictureTexts() {}

    /**
     * The texts of a PNG file by their keywords; of a JPEG file its comment, as parameters.
     *
     * @return none if the picture is neither
     * @throws IOException if it is damaged
     */
    public static Map<String, String> read(ImageInputStream in) throws IOException {
        if (in.length() >= 2 && in.readUnsignedShort() == JPEG_BEGIN) {
            return ofJpeg(in);
        }
        in.seek(0);
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        if (!readers.hasNext()) {
            return Map.of();
        }
        ImageReader reader = readers.next();
        try {
            reader.setInput(in);
            return reader.getFormatName().equals("png") ? ofPng(reader.getImageMetadata(0)) : Map.of();
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

    /** Not by ImageIO: its plug-ins differ in what they tell of comments. */
    private static Map<String, String> ofJpeg(ImageInputStream in) throws IOException {
        try {
            while (true) {
                int marker = in.readUnsignedShort();
                int length = in.readUnsignedShort() - 2;
                if (marker >> 8 != 0xFF || marker == JPEG_SCAN || length < 0) {
                    return Map.of();
                }
                if (marker == JPEG_COMMENT) {
                    byte[] text = new byte[length];
                    in.readFully(text);
                    return Map.of(PARAMETERS, new String(text, StandardCharsets.UTF_8));
                }
                in.seek(in.getStreamPosition() + length);
            }
        } catch (EOFException e) {
            return Map.of();
        }
    }
}
