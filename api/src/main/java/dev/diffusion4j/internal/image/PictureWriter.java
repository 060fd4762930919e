package dev.diffusion4j.internal.image;

import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.internal.format.AtomicFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Encodes pictures, with their parameters where they have some, and writes them whole or not at all. */
public final class PictureWriter {

    /** zlib's level 2 of 9: half as long as ImageIO's own choice, 4, and hardly larger. */
    private static final float PNG_QUALITY = 7f / 9;

    private static final float JPEG_QUALITY = 0.95f;
    private static final String PNG_METADATA = "javax_imageio_png_1.0";
    private static final String JPEG_METADATA = "javax_imageio_jpeg_image_1.0";

    private PictureWriter() {}

    /** What is added to a file's metadata. */
    private interface Description {

        void addTo(IIOMetadata metadata, Format format) throws IOException;
    }

    private enum Format {
        PNG(PNG_QUALITY),
        JPEG(JPEG_QUALITY);

        private final float quality;

        Format(float quality) {
            this.quality = quality;
        }

        static Optional<Format> of(Path path) {
            String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
            if (name.endsWith(".png")) {
                return Optional.of(PNG);
            }
            return name.endsWith(".jpg") || name.endsWith(".jpeg") ? Optional.of(JPEG) : Optional.empty();
        }
    }

    /** Whether a file's name asks for a format that has transparency. */
    public static boolean takesAlpha(Path path) {
        return Format.of(path).filter(Format.JPEG::equals).isEmpty();
    }

    /** Whether a file's name asks for a format that can be written. */
    public static boolean isSupported(Path path) {
        return Format.of(path).isPresent();
    }

    /**
     * Saves a picture with its parameters in the format that the name's ending says.
     *
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public static void save(BufferedImage image, Path path, String text, String json) {
        save(image, path, parameters(text, json));
    }

    private static Description parameters(String text, String json) {
        return (metadata, format) -> {
            if (format == Format.PNG) {
                addPngText(metadata, "parameters", text);
                addPngText(metadata, "diffusion4j", json);
            } else {
                addJpegComment(metadata, text);
            }
        };
    }

    /**
     * Saves a picture that has no parameters, and no alpha if the format takes none.
     *
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public static void save(BufferedImage image, Path path) {
        save(image, path, (_, _) -> {});
    }

    /**
     * Saves one of several pictures that tells of all, as JSON.
     *
     * @throws ImageFileException if the format is unknown or the file cannot be written
     */
    public static void save(BufferedImage image, Path path, String json) {
        save(image, path, (metadata, _) -> addPngText(metadata, "diffusion4j", json));
    }

    /** What to throw where a file cannot be written. */
    public static ImageFileException failure(Path path, IOException e) {
        return new ImageFileException(path + " cannot be written: " + reason(e), e);
    }

    private static void save(BufferedImage image, Path path, Description description) {
        Format format = Format.of(path)
                .orElseThrow(
                        () -> new ImageFileException(path + " names no known picture format: use .png, .jpg or .jpeg"));
        try {
            AtomicFile.write(path, ByteBuffer.wrap(encode(image, format, format.quality, description)));
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    /** A picture as a PNG file in memory that tells of several, as JSON. */
    public static byte[] png(BufferedImage image, String json) {
        return inMemory(
                image, Format.PNG, Format.PNG.quality, (metadata, _) -> addPngText(metadata, "diffusion4j", json));
    }

    /** A picture as a PNG file in memory, without parameters. */
    public static byte[] png(BufferedImage image) {
        return inMemory(image, Format.PNG, Format.PNG.quality, (_, _) -> {});
    }

    /** A picture as a PNG file in memory, with its parameters. */
    public static byte[] png(BufferedImage image, String text, String json) {
        return inMemory(image, Format.PNG, Format.PNG.quality, parameters(text, json));
    }

    /**
     * A picture as a JPEG file in memory, with its parameters.
     *
     * @param quality 0 to 1
     */
    public static byte[] jpeg(BufferedImage image, double quality, String text, String json) {
        return inMemory(image, Format.JPEG, (float) quality, parameters(text, json));
    }

    private static byte[] inMemory(BufferedImage image, Format format, float quality, Description description) {
        try {
            return encode(image, format, quality, description);
        } catch (IOException e) {
            throw new ImageFileException("a picture cannot be encoded: " + reason(e), e);
        }
    }

    /** In memory: ImageIO's stream over a file writes 512 bytes at a time, after it wrote all to another file. */
    private static byte[] encode(BufferedImage image, Format format, float quality, Description description)
            throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format.name().toLowerCase(Locale.ROOT))
                .next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageWriteParam param = writer.getDefaultWriteParam();
            param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            param.setCompressionQuality(quality);
            IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), param);
            description.addTo(metadata, format);
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, metadata), param);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
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
        return switch (e) {
            case NoSuchFileException _ -> "its folder does not exist";
            case AccessDeniedException _ -> "permission denied";
            // The message of these begins with the temporary file's name.
            case FileSystemException f when f.getReason() != null -> f.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
