package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.Text;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** The table of contents of a zip archive, read the way the runtime's zip library reads it and checked entry by entry. */
final class ZipDirectory {

    private static final int END_SIGNATURE = 0x0605_4b50;
    private static final int END_SIZE = 22;
    private static final int LOCATOR_SIGNATURE = 0x0706_4b50;
    private static final int LOCATOR_SIZE = 20;
    private static final int END64_SIGNATURE = 0x0606_4b50;
    private static final int END64_SIZE = 56;
    private static final int CENTRAL_SIGNATURE = 0x0201_4b50;
    private static final int CENTRAL_SIZE = 46;
    private static final int LOCAL_SIGNATURE = 0x0403_4b50;
    private static final int LOCAL_SIZE = 30;
    private static final int ZIP64_EXTRA = 1;
    private static final int MAX_COMMENT = 0xffff;
    private static final int MAX_DIRECTORY = 16 << 20;

    /** Encryption of any kind, and patched data. */
    private static final int UNSUPPORTED_FLAGS = 1 | 1 << 5 | 1 << 6 | 1 << 13;

    private static final int FOLDER = 0x10;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;

    /**
     * A file in the archive.
     *
     * @param compressedSize bytes in the archive
     * @param size bytes once unpacked
     * @param dataOffset where its bytes begin in the archive
     */
    record Entry(String name, boolean deflated, long compressedSize, long size, long dataOffset, long crc) {}

    private final ByteSource source;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private ZipDirectory(ByteSource source) {
        this.source = source;
    }

    /** Whether the file ends like a zip archive, whatever it begins like: the runtime goes by the end, too. */
    static boolean recognises(ByteSource source) {
        OptionalLong end = endOffset(source);
        if (end.isEmpty()) {
            return false;
        }
        // Four bytes alone may stand there by chance.
        Cursor cursor = new Cursor(source, end.getAsLong() + 10, source.size(), "the zip directory");
        int count = cursor.u16();
        cursor.skip(4);
        long offset = cursor.u32();
        return count == 0
                || hasLocator(source, end.getAsLong())
                || offset + CENTRAL_SIZE <= source.size()
                        && new Cursor(source, offset, source.size(), "the zip directory").i32() == CENTRAL_SIGNATURE;
    }

    private static boolean hasLocator(ByteSource source, long end) {
        return end >= LOCATOR_SIZE + END64_SIZE
                && new Cursor(source, end - LOCATOR_SIZE, end, "the zip64 locator").i32() == LOCATOR_SIGNATURE;
    }

    static ZipDirectory read(ByteSource source) {
        ZipDirectory directory = new ZipDirectory(source);
        directory.readEntries();
        directory.refuseOverlaps();
        return directory;
    }

    List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    Optional<Entry> entry(String name) {
        return Optional.ofNullable(entries.get(name));
    }

    /** Unpacks an entry and compares it with its checksum. */
    byte[] content(Entry entry, int most) {
        if (entry.size > most || entry.compressedSize > most) {
            throw source.damaged(
                    "its entry " + Text.quoted(entry.name) + " is " + entry.size + " bytes long, more than " + most);
        }
        byte[] packed = source.bytes(entry.dataOffset, (int) entry.compressedSize);
        byte[] content = entry.deflated ? inflate(entry, packed) : packed;
        CRC32 crc = new CRC32();
        crc.update(content);
        if (crc.getValue() != entry.crc) {
            throw source.damaged("its entry " + Text.quoted(entry.name) + " does not match its checksum");
        }
        return content;
    }

    private byte[] inflate(Entry entry, byte[] packed) {
        byte[] content = new byte[(int) entry.size];
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(packed);
            int length = 0;
            while (length < content.length) {
                int count = inflater.inflate(content, length, content.length - length);
                if (count == 0) {
                    throw source.damaged("its entry " + Text.quoted(entry.name) + " is cut short");
                }
                length += count;
            }
            if (inflater.inflate(new byte[1]) != 0 || !inflater.finished()) {
                throw source.damaged("its entry " + Text.quoted(entry.name) + " is longer than the directory says");
            }
            return content;
        } catch (DataFormatException e) {
            throw source.damaged("its entry " + Text.quoted(entry.name) + " cannot be unpacked");
        }
    }

    private static OptionalLong endOffset(ByteSource source) {
        if (source.size() < END_SIZE) {
            return OptionalLong.empty();
        }
        int length = (int) Math.min(source.size(), END_SIZE + MAX_COMMENT);
        long start = source.size() - length;
        ByteBuffer tail = ByteBuffer.wrap(source.bytes(start, length)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = length - END_SIZE; i >= 0; i--) {
            if (tail.getInt(i) == END_SIGNATURE) {
                return OptionalLong.of(start + i);
            }
        }
        return OptionalLong.empty();
    }

    private void readEntries() {
        long end = endOffset(source).orElseThrow();
        Cursor cursor = new Cursor(source, end, source.size(), "the zip directory");
        cursor.skip(4);
        long disk = cursor.u16();
        long directoryDisk = cursor.u16();
        long countHere = cursor.u16();
        long count = cursor.u16();
        long size = cursor.u32();
        long offset = cursor.u32();
        OptionalLong end64 = end64Offset(end);
        if (end64.isPresent()) {
            cursor = new Cursor(source, end64.getAsLong(), source.size(), "the zip directory");
            cursor.skip(16);
            disk = cursor.u32();
            directoryDisk = cursor.u32();
            countHere = cursor.i64();
            count = cursor.i64();
            size = cursor.i64();
            offset = cursor.i64();
        }
        if (count != countHere || disk != directoryDisk || disk > 1) {
            throw source.unsupported("it is a zip archive in several parts");
        }
        if (count < 0 || count > Limits.MAX_ZIP_ENTRIES) {
            throw source.damaged(
                    "it claims " + Long.toUnsignedString(count) + " zip entries, more than " + Limits.MAX_ZIP_ENTRIES);
        }
        if (size < 0 || size > MAX_DIRECTORY || offset < 0 || offset > end - size) {
            throw source.damaged("its zip directory lies outside the file");
        }
        Cursor directory = new Cursor(source, offset, offset + size, "the zip directory");
        for (long i = 0; i < count; i++) {
            Entry entry = readEntry(directory, offset);
            if (entries.putIfAbsent(entry.name, entry) != null) {
                throw source.damaged("its zip entry " + Text.quoted(entry.name) + " is there twice");
            }
        }
    }

    private OptionalLong end64Offset(long end) {
        if (!hasLocator(source, end)) {
            return OptionalLong.empty();
        }
        Cursor locator = new Cursor(source, end - LOCATOR_SIZE, end, "the zip64 locator");
        locator.skip(8);
        long offset = locator.i64();
        if (locator.i32() != 1) {
            throw source.unsupported("it is a zip archive in several parts");
        }
        if (offset < 0 || offset > end - LOCATOR_SIZE - END64_SIZE) {
            throw source.damaged("its zip64 directory lies outside the file");
        }
        if (new Cursor(source, offset, end, "the zip64 directory").i32() != END64_SIGNATURE) {
            throw source.damaged("its zip64 directory is not where it should be");
        }
        return OptionalLong.of(offset);
    }

    private Entry readEntry(Cursor cursor, long directoryOffset) {
        if (cursor.i32() != CENTRAL_SIGNATURE) {
            throw source.damaged("its zip directory is not made of entries");
        }
        cursor.skip(4);
        int flags = cursor.u16();
        int method = cursor.u16();
        cursor.skip(4);
        long crc = cursor.u32();
        long packed = cursor.u32();
        long size = cursor.u32();
        int nameLength = cursor.u16();
        int extraLength = cursor.u16();
        int commentLength = cursor.u16();
        int disk = cursor.u16();
        cursor.skip(2);
        int attributes = cursor.i32();
        long local = cursor.u32();
        String name = name(cursor.bytes(nameLength, MAX_COMMENT, "a zip entry's name"));
        Sizes sizes = new Sizes(size, packed, local).widened(cursor.bytes(extraLength, MAX_COMMENT, "a zip entry"));
        cursor.skip(commentLength);
        if (disk > 1) {
            throw source.unsupported("it is a zip archive in several parts");
        }
        if ((flags & UNSUPPORTED_FLAGS) != 0) {
            throw source.unsupported("its zip entry " + Text.quoted(name) + " is encrypted");
        }
        if (method != STORED && method != DEFLATED) {
            throw source.unsupported("its zip entry " + Text.quoted(name) + " is compressed by method " + method);
        }
        // The runtime reads nothing from what is marked so, and does not notice.
        if ((attributes & FOLDER) != 0 && sizes.size > 0) {
            throw source.damaged("its zip entry " + Text.quoted(name) + " is marked as a folder");
        }
        check(name, method, sizes, directoryOffset);
        long dataOffset = dataOffset(name, nameLength, method, sizes, directoryOffset);
        return new Entry(name, method == DEFLATED, sizes.packed, sizes.size, dataOffset, crc);
    }

    private String name(byte[] bytes) {
        String name = Text.utf8(bytes).orElseThrow(() -> source.damaged("a zip entry's name is not valid UTF-8"));
        if (name.isEmpty() || !Text.isClean(name)) {
            throw source.damaged("a zip entry's name is empty or has control characters: " + Text.quoted(name));
        }
        return name;
    }

    private void check(String name, int method, Sizes sizes, long directoryOffset) {
        if (sizes.size < 0 || sizes.packed < 0 || sizes.local < 0 || sizes.packed > directoryOffset) {
            throw source.damaged("its zip entry " + Text.quoted(name) + " lies outside the file");
        }
        if (method == STORED && sizes.packed != sizes.size) {
            throw source.damaged("its zip entry " + Text.quoted(name) + " is stored in " + sizes.packed
                    + " bytes but claims " + sizes.size);
        }
        if (sizes.size / Limits.MAX_COMPRESSION_RATIO > sizes.packed) {
            throw source.damaged("its zip entry " + Text.quoted(name) + " would unpack from " + sizes.packed + " to "
                    + sizes.size + " bytes");
        }
    }

    private long dataOffset(String name, int nameLength, int method, Sizes sizes, long directoryOffset) {
        if (sizes.local > directoryOffset - LOCAL_SIZE) {
            throw source.damaged("its zip entry " + Text.quoted(name) + " lies outside the file");
        }
        Cursor cursor = new Cursor(source, sizes.local, sizes.local + LOCAL_SIZE, "a zip entry");
        boolean matches = cursor.i32() == LOCAL_SIGNATURE;
        cursor.skip(2);
        matches &= (cursor.u16() & UNSUPPORTED_FLAGS) == 0;
        matches &= cursor.u16() == method;
        cursor.skip(16);
        matches &= cursor.u16() == nameLength;
        int extraLength = cursor.u16();
        if (!matches) {
            throw source.damaged("its zip entry " + Text.quoted(name) + " is not where the directory says");
        }
        long dataOffset = sizes.local + LOCAL_SIZE + nameLength + extraLength;
        if (dataOffset > directoryOffset - sizes.packed) {
            throw source.damaged("its zip entry " + Text.quoted(name) + " lies outside the file");
        }
        return dataOffset;
    }

    /** Where an entry lies and how long it is, in 32 bits or, where those are all ones, in the zip64 extra field. */
    private record Sizes(long size, long packed, long local) {

        private static final long WIDE = 0xffff_ffffL;

        Sizes widened(byte[] extra) {
            ByteBuffer fields = ByteBuffer.wrap(extra).order(ByteOrder.LITTLE_ENDIAN);
            while (fields.remaining() >= 4) {
                int id = fields.getShort() & 0xffff;
                int length = fields.getShort() & 0xffff;
                if (length > fields.remaining()) {
                    return this;
                }
                if (id == ZIP64_EXTRA) {
                    ByteBuffer wide = fields.slice(fields.position(), length).order(ByteOrder.LITTLE_ENDIAN);
                    return new Sizes(wide(size, wide), wide(packed, wide), wide(local, wide));
                }
                fields.position(fields.position() + length);
            }
            return this;
        }

        private static long wide(long value, ByteBuffer wide) {
            return value == WIDE && wide.remaining() >= 8 ? wide.getLong() : value;
        }
    }

    private void refuseOverlaps() {
        List<Entry> byOffset = new ArrayList<>(entries.values());
        byOffset.sort(Comparator.comparingLong(Entry::dataOffset));
        for (int i = 1; i < byOffset.size(); i++) {
            Entry before = byOffset.get(i - 1);
            Entry entry = byOffset.get(i);
            if (before.dataOffset + before.compressedSize > entry.dataOffset) {
                throw source.damaged("its zip entries " + Text.quoted(before.name) + " and " + Text.quoted(entry.name)
                        + " share the same bytes");
            }
        }
    }
}
