package dev.diffusion4j.server.internal.openai;

import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.error.ImageFileException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;

/**
 * How pictures are sent.
 *
 * @param jpeg as JPEG, else as PNG
 * @param quality of JPEG, 0 to 1
 */
record OutputFormat(boolean jpeg, double quality) {

    /** What OpenAI calls it. */
    String name() {
        return jpeg ? "jpeg" : "png";
    }

    String mediaType() {
        return "image/" + name();
    }

    byte[] encode(GeneratedImage image) {
        return jpeg ? image.toJpeg(quality) : image.toPng();
    }

    /** A preview, which has no report. */
    byte[] encode(BufferedImage preview) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(preview, name(), bytes);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new ImageFileException("a preview cannot be encoded: " + e.getMessage(), e);
        }
    }
}
