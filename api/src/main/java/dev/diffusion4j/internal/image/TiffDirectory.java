package dev.diffusion4j.internal.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import javax.imageio.stream.ImageInputStream;

/**
 * The first directory of a TIFF structure, which is a TIFF file or the EXIF block in another file. No value is read but the
 * one asked for, so that nothing in the file can ask for much memory.
 */
final class TiffDirectory {

    private static final int BIG_ENDIAN = 0x4D4D002A;
    private static final int LITTLE_ENDIAN = 0x49492A00;
    private static final int ENTRY_BYTES = 12;
    private static final int SHORT = 3;
    private static final int LONG = 4;

    /** Bytes of a value by its type: none for 0, then BYTE, ASCII, SHORT, LONG, RATIONAL and so on. */
    private static final int[] BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

    private final ImageInputStream in;
    private final long start;
    private final long entries;
    private final int count;

    /**
     * @param in left with another position and byte order
     * @param start where the structure begins; places in it are counted from there
     * @throws EOFException if the directory is not within the stream
     */
    TiffDirectory(ImageInputStream in, long start) throws IOException {
        this.in = in;
        this.start = start;
        in.seek(start);
        in.setByteOrder(ByteOrder.BIG_ENDIAN);
        switch (in.readInt()) {
            case BIG_ENDIAN -> in.setByteOrder(ByteOrder.BIG_ENDIAN);
            case LITTLE_ENDIAN -> in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
            default -> throw new IOException("no TIFF structure");
        }
        in.seek(start + in.readUnsignedInt());
        count = in.readUnsignedShort();
        entries = in.getStreamPosition();
    }

    /** Whether a stream at its beginning is a TIFF file's, and not a BigTIFF file's. */
    static boolean isTiff(int firstFourBytes) {
        return firstFourBytes == BIG_ENDIAN || firstFourBytes == LITTLE_ENDIAN;
    }

    /** The value of an entry that has one whole number of two or four bytes. */
    OptionalInt wholeNumber(int tag) throws IOException {
        for (int i = 0; i < count; i++) {
            in.seek(entries + (long) ENTRY_BYTES * i);
            if (in.readUnsignedShort() == tag) {
                int type = in.readUnsignedShort();
                boolean single = in.readUnsignedInt() == 1;
                return !single || type != SHORT && type != LONG
                        ? OptionalInt.empty()
                        : OptionalInt.of(type == SHORT ? in.readUnsignedShort() : in.readInt());
            }
        }
        return OptionalInt.empty();
    }

    /** Whether all values that the entries point to are within the stream. */
    boolean isComplete() throws IOException {
        for (int i = 0; i < count; i++) {
            in.seek(entries + (long) ENTRY_BYTES * i + Short.BYTES);
            int type = in.readUnsignedShort();
            long bytes = in.readUnsignedInt() * (type < BYTES.length ? BYTES[type] : 0);
            long place = in.readUnsignedInt();
            if (bytes > Integer.BYTES && start + place + bytes > in.length()) {
                return false;
            }
        }
        return true;
    }
}
