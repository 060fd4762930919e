package dev.diffusion4j.internal;

import dev.diffusion4j.ImageFileException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.UUID;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;

/** Writes pictures with their parameters, whole or not at all. */
public final class ImageWriting {

    private static final float JPEG_QUALITY = 0.95f;
    private static final String PNG_METADATA = "javax_imageio_png_1.0";
    private static final String JPEG_METADATA = "javax_imageio_jpeg_image_1.0";

    private ImageWriting() {}

    /**
     * Saves a picture in the format that the name's ending says.
     *
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public static void save(BufferedImage image, Path path, String text, String json) {
        String format = format(path);
        try {
            writeAtomically(image, path, format, text, json);
        } catch (IOException e) {
            throw new ImageFileException(path + " cannot be written: " + reason(e), e);
        }
    }

    /**
     * The format that a file name asks for.
     *
     * @return {@code png} or {@code jpeg}
     * @throws ImageFileException for other endings
     */
    public static String format(Path path) {
        String name =
                path.getFileName() == null ? "" : path.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".png")) {
            return "png";
        } else if (name.endsWith(".jpg") || name.endsWith(".jpeg")) {
            return "jpeg";
        }
        throw new ImageFileException(path + " names no known picture format: use .png, .jpg or .jpeg");
    }

    private static void writeAtomically(BufferedImage image, Path path, String format, String text, String json)
            throws IOException {
        // Beside the target, so that the move stays within one file system; created with the user's usual permissions.
        Path temporary = path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            try (var out = Files.newOutputStream(
                            temporary,
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DSYNC);
                    ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
                write(image, format, stream, text, json);
            }
            try {
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, path, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void write(BufferedImage image, String format, ImageOutputStream out, String text, String json)
            throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        try {
            ImageWriteParam param = writer.getDefaultWriteParam();
            IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), param);
            if (format.equals("png")) {
                addPngText(metadata, "parameters", text);
                addPngText(metadata, "diffusion4j", json);
            } else {
                param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                param.setCompressionQuality(JPEG_QUALITY);
                addJpegComment(metadata, text);
            }
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, metadata), param);
        } finally {
            writer.dispose();
        }
    }

    /** Latin-1 goes into tEXt, which everything reads; other text needs iTXt. */
    private static void addPngText(IIOMetadata metadata, String keyword, String text) throws IOException {
        boolean latin1 = StandardCharsets.ISO_8859_1.newEncoder().canEncode(text);
        IIOMetadataNode entry = new IIOMetadataNode(latin1 ? "tEXtEntry" : "iTXtEntry");
        entry.setAttribute("keyword", keyword);
        if (latin1) {
            entry.setAttribute("value", text);
        } else {
            entry.setAttribute("compressionFlag", "FALSE");
            entry.setAttribute("compressionMethod", "0");
            entry.setAttribute("languageTag", "");
            entry.setAttribute("translatedKeyword", "");
            entry.setAttribute("text", text);
        }
        IIOMetadataNode chunk = new IIOMetadataNode(latin1 ? "tEXt" : "iTXt");
        chunk.appendChild(entry);
        IIOMetadataNode root = new IIOMetadataNode(PNG_METADATA);
        root.appendChild(chunk);
        metadata.mergeTree(PNG_METADATA, root);
    }

    private static void addJpegComment(IIOMetadata metadata, String text) throws IOException {
        IIOMetadataNode comment = new IIOMetadataNode("com");
        comment.setUserObject(text.getBytes(StandardCharsets.UTF_8));
        IIOMetadataNode sequence = new IIOMetadataNode("markerSequence");
        sequence.appendChild(comment);
        IIOMetadataNode root = new IIOMetadataNode(JPEG_METADATA);
        root.appendChild(new IIOMetadataNode("JPEGvariety"));
        root.appendChild(sequence);
        metadata.mergeTree(JPEG_METADATA, root);
    }

    private static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "its folder does not exist";
        } else if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
