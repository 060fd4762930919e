package dev.diffusion4j.model;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;

/** Writes safetensors files whose data is a hole, so that even full-size shapes cost nothing. */
final class Safetensors {

    private final List<String> entries = new ArrayList<>();
    private long dataBytes;

    Safetensors metadata(String key, String value) {
        entries.add("\"__metadata__\":{\"" + key + "\":\"" + value + "\"}");
        return this;
    }

    Safetensors tensor(String name, String dtype, long... shape) {
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

    Safetensors floats(String name, long... shape) {
        return tensor(name, "F32", shape);
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

    Path write(Path path) {
        return write(path, "{" + String.join(",", entries) + "}", dataBytes);
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
