package dev.diffusion4j.internal.format;

import dev.diffusion4j.internal.json.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a safetensors file begins with: its length, then JSON with metadata and the table of tensors. */
public final class SafetensorsHeader {

    /**
     * A tensor in the table; the tensors follow one another behind the header.
     *
     * @param type such as {@code F32}
     * @param bytes how many it takes
     */
    public record Entry(String name, String type, List<Long> shape, long bytes) {}

    /** Where the tensors begin, spaces before them. */
    private static final int ALIGNMENT = 8;

    private SafetensorsHeader() {}

    /** The bytes, up to where the first tensor begins. All metadata become text. */
    public static byte[] of(Map<String, ?> metadata, List<Entry> tensors) {
        Map<String, Object> header = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            Map<String, Object> texts = new LinkedHashMap<>();
            metadata.forEach((key, value) -> texts.put(key, value.toString()));
            header.put("__metadata__", texts);
        }
        long offset = 0;
        for (Entry tensor : tensors) {
            long end = offset + tensor.bytes();
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", tensor.type());
            entry.put("shape", tensor.shape());
            entry.put("data_offsets", List.of(offset, end));
            header.put(tensor.name(), entry);
            offset = end;
        }
        byte[] json = Json.write(header).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return ByteBuffer.allocate(Long.BYTES + padded.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded.length)
                .put(padded)
                .array();
    }
}
