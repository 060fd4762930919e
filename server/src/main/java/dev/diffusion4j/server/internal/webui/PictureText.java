package dev.diffusion4j.server.internal.webui;

import dev.diffusion4j.server.internal.http.HttpException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The texts that a PNG file carries, by their keywords. */
final class PictureText {

    private static final String FORMAT = "javax_imageio_png_1.0";

    /** The kinds of chunks, and which attribute has the text. */
    private static final Map<String, String> ENTRIES =
            Map.of("tEXtEntry", "value", "iTXtEntry", "text", "zTXtEntry", "text");

    private PictureText() {}

    /**
     * Reads them.
     *
     * @return none if the picture is no PNG file
     * @throws HttpException if it is damaged
     */
    static Map<String, String> read(byte[] file) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("png");
        ImageReader reader = readers.next();
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            if (!reader.getOriginatingProvider().canDecodeInput(in)) {
                return Map.of();
            }
            reader.setInput(in);
            return texts(reader.getImageMetadata(0));
        } catch (IOException | RuntimeException e) {
            throw HttpException.badRequest("image", "the picture is damaged and cannot be read");
        } finally {
            reader.dispose();
        }
    }

    private static Map<String, String> texts(IIOMetadata metadata) {
        Map<String, String> texts = new LinkedHashMap<>();
        Element root = (Element) metadata.getAsTree(FORMAT);
        ENTRIES.forEach((name, attribute) -> {
            NodeList entries = root.getElementsByTagName(name);
            for (int i = 0; i < entries.getLength(); i++) {
                Node entry = entries.item(i);
                if (entry instanceof Element element) {
                    texts.put(element.getAttribute("keyword"), element.getAttribute(attribute));
                }
            }
        });
        return texts;
    }
}
