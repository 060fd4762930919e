package dev.diffusion4j.modelfile;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** Writes safetensors files. What has no values is a hole, so that even full-size shapes cost nothing. */
public final class Safetensors {

    private final List<String> entries = new ArrayList<>();
    private final Map<Long, byte[]> contents = new HashMap<>();
    private long dataBytes;

    /** An empty file. */
    public Safetensors() {}

    Safetensors metadata(String key, String value) {
        entries.add("\"__metadata__\":{\"" + key + "\":\"" + value + "\"}");
        return this;
    }

    public Safetensors tensor(String name, String dtype, long... shape) {
        int size = switch (dtype) {
            case "F64", "I64" -> 8;
            case "F32", "I32" -> 4;
            case "F16", "BF16" -> 2;
            default -> 1;
        };
        long length = Arrays.stream(shape).reduce(size, Math::multiplyExact);
        StringJoiner dimensions = new StringJoiner(",", "[", "]");
        Arrays.stream(shape).forEach(dimension -> dimensions.add(Long.toString(dimension)));
        return entry(
                        name,
                        "{\"dtype\":\"" + dtype + "\",\"shape\":" + dimensions + ",\"data_offsets\":[" + dataBytes + ","
                                + (dataBytes + length) + "]}")
                .data(length);
    }

    public Safetensors floats(String name, long... shape) {
        return tensor(name, "F32", shape);
    }

    /** A tensor with these numbers, stored as F64, F32, F16 or BF16. */
    public Safetensors values(String name, String dtype, float[] values, long... shape) {
        long offset = dataBytes;
        tensor(name, dtype, shape);
        ByteBuffer bytes = ByteBuffer.allocate((int) (dataBytes - offset)).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (dtype) {
                case "F64" -> bytes.putDouble(value);
                case "F32" -> bytes.putFloat(value);
                case "F16" -> bytes.putShort(Float.floatToFloat16(value));
                case "BF16" -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                default -> throw new IllegalArgumentException(dtype);
            }
        }
        contents.put(offset, bytes.array());
        return this;
    }

    /** An entry as it stands, right or wrong. */
    Safetensors entry(String name, String json) {
        entries.add("\"" + name + "\":" + json);
        return this;
    }

    Safetensors data(long length) {
        dataBytes += length;
        return this;
    }

    public Path write(Path path) {
        byte[] header = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
        write(path, header.length, header, dataBytes);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            for (Map.Entry<Long, byte[]> content : contents.entrySet()) {
                file.seek(Long.BYTES + header.length + content.getKey());
                file.write(content.getValue());
            }
            return path;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path write(Path path, String header, long dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return write(path, json.length, json, dataBytes);
    }

    static Path write(Path path, long claimedLength, byte[] header, long dataBytes) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(claimedLength).put(header);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(0);
            file.write(bytes.array());
            file.setLength(bytes.capacity() + dataBytes);
            return path;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
