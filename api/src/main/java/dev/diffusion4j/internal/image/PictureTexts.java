package dev.diffusion4j.internal.image;

import java.io.EOFException;
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
import javax.imageio.stream.ImageInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The texts that a picture's file carries: the text chunks of PNG by their keywords, and JPEG's comment. */
public final class PictureTexts {

    /** The keyword of the parameters, which are the comment of a JPEG file. */
    public static final String PARAMETERS = "parameters";

    /** PNG's kinds of chunks, and which attribute has the text. */
    private static final Map<String, String> CHUNKS =
            Map.of("tEXtEntry", "value", "iTXtEntry", "text", "zTXtEntry", "text");

    private static final int JPEG_BEGIN = 0xFFD8;
    private static final int JPEG_SCAN = 0xFFDA;
    private static final int JPEG_COMMENT = 0xFFFE;

    private PictureTexts() {}

    /**
     * Reads them.
     *
     * @return none if the picture is of another format
     * @throws IOException if the file cannot be read or is damaged
     */
    public static Map<String, String> read(ImageInputStream in) throws IOException {
        if (in.length() >= 2 && in.readUnsignedShort() == JPEG_BEGIN) {
            return comment(in);
        }
        in.seek(0);
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        if (!readers.hasNext()) {
            throw new IIOException("it is no picture of a known format");
        }
        ImageReader reader = readers.next();
        try {
            reader.setInput(in);
            return reader.getFormatName().equals("png") ? chunks(reader.getImageMetadata(0)) : Map.of();
        } catch (RuntimeException e) {
            // ImageIO's readers run into damage in many ways.
            throw new IIOException("it is damaged", e);
        } finally {
            reader.dispose();
        }
    }

    private static Map<String, String> chunks(IIOMetadata metadata) {
        Map<String, String> texts = new LinkedHashMap<>();
        Element root = (Element) metadata.getAsTree(metadata.getNativeMetadataFormatName());
        CHUNKS.forEach((name, attribute) -> {
            NodeList entries = root.getElementsByTagName(name);
            for (int i = 0; i < entries.getLength(); i++) {
                Element entry = (Element) entries.item(i);
                texts.put(entry.getAttribute("keyword"), entry.getAttribute(attribute));
            }
        });
        return texts;
    }

    /** Not by ImageIO: its plug-ins differ in what they tell of comments. */
    private static Map<String, String> comment(ImageInputStream in) throws IOException {
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
                    return Map.of(PARAMETERS, decode(text));
                }
                in.seek(in.getStreamPosition() + length);
            }
        } catch (EOFException e) {
            return Map.of();
        }
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
