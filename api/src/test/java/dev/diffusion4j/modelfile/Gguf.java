package dev.diffusion4j.modelfile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes GGUF files field by field, right or wrong. */
final class Gguf {

    static final int F32 = 0;
    static final int Q4_0 = 2;
    static final int Q8_1 = 9;

    private static final int MAGIC = 0x4655_4747;

    private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
    private final ByteArrayOutputStream infos = new ByteArrayOutputStream();
    private int version = 3;
    private int alignment = 32;
    private long pairCount;
    private long tensorCount;
    private long nextOffset;
    private long dataBytes;

    Gguf version(int version) {
        this.version = version;
        return this;
    }

    Gguf claimTensors(long count) {
        tensorCount = count;
        return this;
    }

    Gguf claimPairs(long count) {
        pairCount = count;
        return this;
    }

    Gguf text(String key, String value) {
        return pair(key, 8, string(value));
    }

    Gguf number(String key, int value) {
        return pair(key, 4, little(4, value));
    }

    Gguf alignment(int value) {
        alignment = value;
        return number("general.alignment", value);
    }

    Gguf pair(String key, int type, byte[] value) {
        pairCount++;
        put(pairs, string(key), little(4, type), value);
        return this;
    }

    /** A tensor right after the one before; the shape is slowest first as elsewhere, the file has it the other way. */
    Gguf tensor(String name, int type, long bytes, long... shape) {
        return tensorAt(nextOffset, name, type, bytes, shape);
    }

    Gguf tensorAt(long offset, String name, int type, long bytes, long... shape) {
        tensorCount++;
        put(infos, string(name), little(4, shape.length));
        for (int i = shape.length - 1; i >= 0; i--) {
            put(infos, little(8, shape[i]));
        }
        put(infos, little(4, type), little(8, offset));
        nextOffset = Math.ceilDiv(offset + bytes, alignment) * alignment;
        dataBytes = Math.max(dataBytes, offset + bytes);
        return this;
    }

    byte[] bytes() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        put(file, little(4, MAGIC), little(4, version), little(8, tensorCount), little(8, pairCount));
        put(file, pairs.toByteArray(), infos.toByteArray());
        put(file, new byte[Math.floorMod(-file.size(), alignment)], new byte[Math.clamp(dataBytes, 0, 1 << 20)]);
        return file.toByteArray();
    }

    Path write(Path path) {
        try {
            return Files.write(path, bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        put(bytes, little(8, utf8.length), utf8);
        return bytes.toByteArray();
    }

    /** An array's element type and length, then whatever stands for its elements. */
    static byte[] array(int type, long length, byte[]... elements) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        put(bytes, little(4, type), little(8, length));
        put(bytes, elements);
        return bytes.toByteArray();
    }

    static byte[] little(int length, long value) {
        byte[] eight = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        return Arrays.copyOf(eight, length);
    }

    private static void put(ByteArrayOutputStream target, byte[]... parts) {
        for (byte[] part : parts) {
            target.writeBytes(part);
        }
    }
}
