package dev.diffusion4j.modelfile;

import dev.diffusion4j.internal.format.Text;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads GGUF versions 2 and 3: key-value pairs, a table of tensors, padding, then the data. */
final class GgufReader {

    static final int MAGIC = 0x4655_4747;

    private static final int VERSION_MIN = 2;
    private static final int VERSION_MAX = 3;
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MAX_ALIGNMENT = 1 << 20;

    /** The runtime's ggml keeps names in 128 bytes and shapes in four numbers. */
    private static final int GGML_MAX_NAME = 127;

    private static final int GGML_MAX_DIMS = 4;

    private static final int ARRAY_SHOWN = 8;
    private static final int STRING_SHOWN = 1_000;

    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int UINT32 = 4;

    private final ByteSource source;
    private final Cursor cursor;
    private final TensorTable table;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private int alignment = DEFAULT_ALIGNMENT;
    private boolean hasArrays;

    private GgufReader(ByteSource source) {
        this.source = source;
        this.cursor = new Cursor(source, 0, source.size(), "the GGUF header");
        this.table = new TensorTable(source);
    }

    static boolean recognises(ByteSource source) {
        return source.size() >= 4 && new Cursor(source, 0, 4, "the magic number").i32() == MAGIC;
    }

    static Header read(ByteSource source) {
        return new GgufReader(source).read();
    }

    private Header read() {
        cursor.skip(4);
        int version = cursor.i32();
        if ((version & 0xffff) == 0) {
            throw source.unsupported("it is a big-endian GGUF file");
        }
        if (version < VERSION_MIN || version > VERSION_MAX) {
            throw source.unsupported("it is a GGUF file of version " + Integer.toUnsignedString(version) + ", not "
                    + VERSION_MIN + " or " + VERSION_MAX);
        }
        long tensors = count("tensors", Limits.MAX_TENSORS);
        long pairs = count("metadata entries", Limits.MAX_METADATA_ENTRIES);
        for (long i = 0; i < pairs; i++) {
            readPair();
        }
        List<Entry> entries = new ArrayList<>();
        for (long i = 0; i < tensors; i++) {
            entries.add(readEntry());
        }
        place(entries);
        return new Header(ModelFormat.GGUF, metadata, table.tensors());
    }

    private long count(String what, int most) {
        long count = cursor.i64();
        if (count < 0 || count > most) {
            throw source.damaged("it claims " + Long.toUnsignedString(count) + " " + what + ", more than " + most);
        }
        return count;
    }

    private void readPair() {
        String key = string(Limits.MAX_NAME_LENGTH, "a metadata key");
        // An empty key is an assertion in ggml.
        if (key.isEmpty() || !Text.isClean(key)) {
            throw source.damaged("a metadata key is empty or has control characters: " + Text.quoted(key));
        }
        int type = cursor.i32();
        String value;
        if (key.equals("general.alignment")) {
            value = readAlignment(type);
        } else if (type == ARRAY) {
            hasArrays = true;
            value = array(key);
        } else {
            value = scalar(key, type);
        }
        if (metadata.putIfAbsent(key, value) != null) {
            throw source.damaged("the metadata key " + Text.quoted(key) + " is there twice");
        }
    }

    private String readAlignment(int type) {
        if (type != UINT32) {
            throw source.damaged("general.alignment is not a 32-bit number");
        }
        long value = cursor.u32();
        if (Long.bitCount(value) != 1 || value > MAX_ALIGNMENT) {
            throw source.damaged("general.alignment is " + value + ", not a power of two up to " + MAX_ALIGNMENT);
        }
        alignment = (int) value;
        return Long.toString(value);
    }

    private String scalar(String key, int type) {
        return switch (type) {
            case 0 -> Integer.toString(cursor.u8());
            case 1 -> Integer.toString((byte) cursor.u8());
            case 2 -> Integer.toString(cursor.u16());
            case 3 -> Integer.toString((short) cursor.u16());
            case UINT32 -> Long.toString(cursor.u32());
            case 5 -> Integer.toString(cursor.i32());
            case 6 -> Float.toString(Float.intBitsToFloat(cursor.i32()));
            case 7 -> Boolean.toString(cursor.u8() != 0);
            case STRING -> shownString();
            case 10 -> Long.toUnsignedString(cursor.i64());
            case 11 -> Long.toString(cursor.i64());
            case 12 -> Double.toString(Double.longBitsToDouble(cursor.i64()));
            default -> throw source.damaged("the metadata key " + Text.quoted(key) + " has the unknown type " + type);
        };
    }

    private String shownString() {
        long length = cursor.i64();
        int kept = Math.clamp(length, 0, STRING_SHOWN);
        byte[] bytes = cursor.bytes(kept, STRING_SHOWN, "a metadata value");
        cursor.skip(length - kept);
        String text = new String(bytes, StandardCharsets.UTF_8);
        return length > kept ? text + "… (" + length + " bytes)" : text;
    }

    private String array(String key) {
        int type = cursor.i32();
        long length = cursor.i64();
        if (length < 0 || length > Limits.MAX_METADATA_ARRAY) {
            throw source.damaged("the metadata key " + Text.quoted(key) + " claims " + Long.toUnsignedString(length)
                    + " values, more than " + Limits.MAX_METADATA_ARRAY);
        }
        if (type == ARRAY) {
            throw source.damaged("the metadata key " + Text.quoted(key) + " is an array of arrays");
        }
        List<String> shown = new ArrayList<>();
        for (long i = 0; i < Math.min(length, ARRAY_SHOWN); i++) {
            shown.add(scalar(key, type));
        }
        for (long i = ARRAY_SHOWN; i < length; i++) {
            skipScalar(key, type);
        }
        String values = String.join(", ", shown);
        return length > ARRAY_SHOWN ? "[" + values + ", … (" + length + " values)]" : "[" + values + "]";
    }

    private void skipScalar(String key, int type) {
        switch (type) {
            case 0, 1, 7 -> cursor.skip(1);
            case 2, 3 -> cursor.skip(2);
            case UINT32, 5, 6 -> cursor.skip(4);
            case 10, 11, 12 -> cursor.skip(8);
            case STRING -> cursor.skip(cursor.i64());
            default -> throw source.damaged("the metadata key " + Text.quoted(key) + " has the unknown type " + type);
        }
    }

    private String string(int most, String what) {
        byte[] bytes = cursor.bytes(cursor.i64(), 4 * most, what);
        return Text.utf8(bytes).orElseThrow(() -> source.damaged(what + " is not valid UTF-8"));
    }

    /** One line of the tensor table; its offset counts from the start of the data, which is not known yet. */
    private record Entry(String name, TensorType type, List<Long> shape, long offset, long byteLength) {}

    private Entry readEntry() {
        String name = string(Limits.MAX_NAME_LENGTH, "a tensor's name");
        table.checkName(name);
        long dimensions = cursor.u32();
        if (dimensions > Limits.MAX_DIMENSIONS) {
            throw source.damaged("tensor " + Text.quoted(name) + " has " + dimensions + " dimensions, more than "
                    + Limits.MAX_DIMENSIONS);
        }
        List<Long> fastestFirst = new ArrayList<>();
        for (int i = 0; i < dimensions; i++) {
            fastestFirst.add(cursor.i64());
        }
        // ggml divides by every dimension but the first.
        if (fastestFirst.size() > 1 && fastestFirst.contains(0L)) {
            throw source.damaged("tensor " + Text.quoted(name) + " has a dimension of 0");
        }
        int id = cursor.i32();
        TensorType type = TensorType.ofGgmlId(id)
                .orElseThrow(() -> source.unsupported("tensor " + Text.quoted(name) + " has the ggml type " + id
                        + ", which the runtime cannot read"));
        List<Long> shape = fastestFirst.reversed();
        long length = table.byteLength(name, type, shape);
        return new Entry(name, type, shape, cursor.i64(), length);
    }

    private void place(List<Entry> entries) {
        long dataStart = padded(cursor.position());
        // Past the last tensor nothing is read, so a file without tensors may end before its data begins.
        long expected = 0;
        boolean plain = true;
        for (Entry entry : entries) {
            plain &= entry.offset == expected
                    && entry.shape.size() <= GGML_MAX_DIMS
                    && entry.name.getBytes(StandardCharsets.UTF_8).length <= GGML_MAX_NAME;
            expected = padded(entry.offset + entry.byteLength);
            if (entry.offset < 0 || entry.offset > source.size() - dataStart - entry.byteLength) {
                throw source.damaged("it is cut short: tensor " + Text.quoted(entry.name) + " of " + entry.byteLength
                        + " bytes begins at byte " + Long.toUnsignedString(entry.offset) + " of the data, the file has "
                        + Math.max(0, source.size() - dataStart));
            }
            table.add(
                    new TensorInfo(entry.name, entry.type, entry.shape, dataStart + entry.offset, entry.byteLength),
                    dataStart,
                    source.size());
        }
        if (!plain && hasArrays) {
            // ggml refuses such files and the runtime's own reader, which takes over, misreads arrays.
            throw source.unsupported("its tensors have long names, gaps or five dimensions, and its metadata has lists;"
                    + " the runtime reads one or the other");
        }
        table.refuseOverlaps();
    }

    private long padded(long position) {
        return Math.ceilDiv(position, alignment) * alignment;
    }
}
