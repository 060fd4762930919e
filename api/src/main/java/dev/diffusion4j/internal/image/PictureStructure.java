package dev.diffusion4j.internal.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import java.util.OptionalLong;
import javax.imageio.stream.ImageInputStream;

/** What a JPEG, PNG, WebP or TIFF file says of itself beside the pixels. */
final class PictureStructure {

    private static final int PNG = 0x89504E47;
    private static final int RIFF = 0x52494646;
    private static final int WEBP = 0x57454250;
    private static final int JPEG_START = 0xFFD8;
    private static final int JPEG_SCAN = 0xDA;
    private static final int JPEG_APP1 = 0xE1;

    /** Where a PNG file's header says how many bits a sample has. */
    private static final int PNG_DEPTH = 24;

    private static final int PNG_TRANSPARENCY = 0x74524E53;

    /** {@code eXIf}, {@code EXIF} and the beginning of {@code Exif\0\0}. */
    private static final int PNG_EXIF = 0x65584966;

    private static final int WEBP_EXIF = 0x45584946;
    private static final int EXIF_PREFIX = 0x45786966;
    private static final int EXIF_PREFIX_BYTES = 6;
    private static final int EXIF_ORIENTATION = 0x0112;

    private final ImageInputStream in;
    private final int magic;

    /**
     * @param in of a file of any format; left with another position and byte order
     */
    PictureStructure(ImageInputStream in) throws IOException {
        this.in = in;
        in.seek(0);
        in.setByteOrder(ByteOrder.BIG_ENDIAN);
        magic = in.readInt();
    }

    /**
     * Whether the end of a WebP file is missing, or values of a TIFF file's directory, without which their readers go on
     * and make something up. Other readers say so themselves.
     */
    boolean isCutOff() throws IOException {
        try {
            if (isWebp()) {
                in.seek(Integer.BYTES);
                in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
                return in.readUnsignedInt() + 2 * Integer.BYTES > in.length();
            }
            return TiffDirectory.isTiff(magic) && !new TiffDirectory(in, 0).isComplete();
        } catch (EOFException e) {
            return true;
        }
    }

    /** The number that EXIF has for how the camera was held. */
    OptionalInt orientation() throws IOException {
        OptionalLong exif = exif();
        return exif.isPresent()
                ? new TiffDirectory(in, exif.getAsLong()).wholeNumber(EXIF_ORIENTATION)
                : OptionalInt.empty();
    }

    /** The grey that a PNG file of 1, 2 or 4 bits a pixel calls transparent, of 255. */
    OptionalInt transparentGrey() throws IOException {
        if (magic != PNG) {
            return OptionalInt.empty();
        }
        in.setByteOrder(ByteOrder.BIG_ENDIAN);
        in.seek(PNG_DEPTH);
        int depth = in.readUnsignedByte();
        boolean grey = in.readUnsignedByte() == 0;
        OptionalLong transparency = grey && depth < Byte.SIZE ? pngChunk(PNG_TRANSPARENCY) : OptionalLong.empty();
        if (transparency.isEmpty()) {
            return OptionalInt.empty();
        }
        in.seek(transparency.getAsLong());
        int most = (1 << depth) - 1;
        return OptionalInt.of((in.readUnsignedShort() & most) * 255 / most);
    }

    private OptionalLong exif() throws IOException {
        in.setByteOrder(ByteOrder.BIG_ENDIAN);
        if (magic >>> 16 == JPEG_START) {
            return exifOfJpeg();
        } else if (magic == PNG) {
            return pngChunk(PNG_EXIF);
        } else if (isWebp()) {
            return exifOfWebp();
        }
        return TiffDirectory.isTiff(magic) ? OptionalLong.of(0) : OptionalLong.empty();
    }

    private boolean isWebp() throws IOException {
        in.seek(2 * Integer.BYTES);
        return magic == RIFF && in.readInt() == WEBP;
    }

    private OptionalLong exifOfJpeg() throws IOException {
        in.seek(2);
        while (true) {
            int marker = in.readUnsignedByte();
            while (marker == 0xFF) {
                marker = in.readUnsignedByte();
            }
            if (marker == JPEG_SCAN) {
                return OptionalLong.empty();
            }
            long segment = in.getStreamPosition();
            int length = in.readUnsignedShort();
            // Other APP1 segments hold XMP.
            if (marker == JPEG_APP1 && length > 2 * Integer.BYTES && in.readInt() == EXIF_PREFIX) {
                return OptionalLong.of(segment + Short.BYTES + EXIF_PREFIX_BYTES);
            }
            in.seek(segment + length);
        }
    }

    /** Where a chunk's data begin; of several the first one's. */
    private OptionalLong pngChunk(int name) throws IOException {
        long chunk = 2 * Integer.BYTES;
        while (chunk < in.length()) {
            in.seek(chunk);
            long length = in.readUnsignedInt();
            if (in.readInt() == name) {
                return OptionalLong.of(in.getStreamPosition());
            }
            chunk += 3 * Integer.BYTES + length;
        }
        return OptionalLong.empty();
    }

    private OptionalLong exifOfWebp() throws IOException {
        long chunk = 3 * Integer.BYTES;
        while (chunk < in.length()) {
            in.seek(chunk);
            in.setByteOrder(ByteOrder.BIG_ENDIAN);
            boolean exif = in.readInt() == WEBP_EXIF;
            in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
            long length = in.readUnsignedInt();
            long data = in.getStreamPosition();
            if (exif) {
                in.setByteOrder(ByteOrder.BIG_ENDIAN);
                // Some programs leave JPEG's prefix before it.
                return OptionalLong.of(in.readInt() == EXIF_PREFIX ? data + EXIF_PREFIX_BYTES : data);
            }
            chunk = data + length + length % 2;
        }
        return OptionalLong.empty();
    }
}
