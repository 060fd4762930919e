package dev.diffusion4j.internal.video;

import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Encodes animated GIFs that run for ever, with one palette. */
final class GifFile {

    private static final String METADATA = "javax_imageio_gif_image_1.0";
    /** Of a hundredth of a second; browsers slow down frames that are shorter. */
    private static final int SHORTEST = 2;

    private GifFile() {}

    static ByteBuffer encode(List<RgbImage> frames, int framesPerSecond, String comment) throws IOException {
        Palette palette = Palette.of(frames);
        IndexColorModel colours = palette.toColorModel();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            for (int i = 0; i < frames.size(); i++) {
                RgbImage frame = frames.get(i);
                BufferedImage image =
                        new BufferedImage(frame.width(), frame.height(), BufferedImage.TYPE_BYTE_INDEXED, colours);
                image.getRaster().setDataElements(0, 0, frame.width(), frame.height(), palette.indices(frame));
                IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
                metadata.mergeTree(METADATA, description(i, framesPerSecond, comment));
                writer.writeToSequence(new IIOImage(image, null, metadata), null);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        return ByteBuffer.wrap(bytes.toByteArray());
    }

    private static IIOMetadataNode description(int index, int framesPerSecond, String comment) {
        IIOMetadataNode root = new IIOMetadataNode(METADATA);
        IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
        control.setAttribute("disposalMethod", "none");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("transparentColorIndex", "0");
        int duration = time(index + 1, framesPerSecond) - time(index, framesPerSecond);
        control.setAttribute("delayTime", Integer.toString(Math.max(SHORTEST, duration)));
        root.appendChild(control);
        if (index == 0) {
            IIOMetadataNode application = new IIOMetadataNode("ApplicationExtension");
            application.setAttribute("applicationID", "NETSCAPE");
            application.setAttribute("authenticationCode", "2.0");
            // Repeats for ever.
            application.setUserObject(new byte[] {1, 0, 0});
            IIOMetadataNode applications = new IIOMetadataNode("ApplicationExtensions");
            applications.appendChild(application);
            root.appendChild(applications);
            IIOMetadataNode text = new IIOMetadataNode("CommentExtension");
            text.setAttribute(
                    "value", new String(comment.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
            IIOMetadataNode texts = new IIOMetadataNode("CommentExtensions");
            texts.appendChild(text);
            root.appendChild(texts);
        }
        return root;
    }

    /** When a frame begins, in hundredths of a second. */
    private static int time(int index, int framesPerSecond) {
        return Math.round(100f * index / framesPerSecond);
    }
}
