package dev.diffusion4j.internal.convert;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What a GGUF file, version 3, begins with: key-value pairs and the table of tensors. */
final class GgufHeader {

    /** Where tensors begin, unless a file says something else. */
    static final int ALIGNMENT = 32;

    private static final int MAGIC = 0x4655_4747;
    private static final int VERSION = 3;
    private static final int UINT32 = 4;
    private static final int STRING = 8;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private GgufHeader() {}

    /**
     * The bytes, up to where the first tensor begins.
     *
     * @param metadata text, and numbers that are 32 bits without a sign
     */
    static byte[] of(Map<String, Object> metadata, List<PlannedTensor> tensors) {
        GgufHeader header = new GgufHeader();
        header.int32(MAGIC);
        header.int32(VERSION);
        header.int64(tensors.size());
        header.int64(metadata.size());
        metadata.forEach(header::pair);
        long offset = 0;
        for (PlannedTensor tensor : tensors) {
            header.tensor(tensor, offset);
            offset += Math.ceilDiv(tensor.byteLength(), ALIGNMENT) * ALIGNMENT;
        }
        header.bytes.writeBytes(new byte[Math.floorMod(-header.bytes.size(), ALIGNMENT)]);
        return header.bytes.toByteArray();
    }

    private void pair(String key, Object value) {
        string(key);
        if (value instanceof Integer number) {
            int32(UINT32);
            int32(number);
        } else {
            int32(STRING);
            string(value.toString());
        }
    }

    private void tensor(PlannedTensor tensor, long offset) {
        string(tensor.name());
        // Some readers cannot imagine a tensor without dimensions.
        List<Long> shape = tensor.shape().isEmpty() ? List.of(1L) : tensor.shape();
        int32(shape.size());
        shape.reversed().forEach(this::int64);
        int32(tensor.type().ggmlId().orElseThrow());
        int64(offset);
    }

    private void string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int64(utf8.length);
        bytes.writeBytes(utf8);
    }

    private void int32(int value) {
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    private void int64(long value) {
        bytes.writeBytes(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }
}
