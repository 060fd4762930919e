package dev.diffusion4j.mutants;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The bytes by which a file says what it holds, written field by field; where each field is stays known. */
final class Structure {

    /** What is at the bytes {@code [begin, end)}. */
    record Field(String label, int begin, int end) {

        int length() {
            return end - begin;
        }
    }

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Field> fields = new ArrayList<>();

    Structure u8(String label, int value) {
        return number(label, 1, value);
    }

    Structure u16(String label, int value) {
        return number(label, 2, value);
    }

    Structure u32(String label, long value) {
        return number(label, 4, value);
    }

    Structure i64(String label, long value) {
        return number(label, 8, value);
    }

    private Structure number(String label, int length, long value) {
        byte[] eight = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        return raw(label, Arrays.copyOf(eight, length));
    }

    Structure text(String label, String value) {
        return raw(label, value.getBytes(StandardCharsets.UTF_8));
    }

    Structure raw(String label, byte[] value) {
        int begin = bytes.size();
        bytes.writeBytes(value);
        fields.add(new Field(label, begin, bytes.size()));
        return this;
    }

    /** Everything of another one, its fields included. */
    Structure append(Structure other) {
        int shift = bytes.size();
        bytes.writeBytes(other.bytes());
        other.fields.forEach(field -> fields.add(new Field(field.label, field.begin + shift, field.end + shift)));
        return this;
    }

    /** The same with other bytes at a field; fields behind it are no longer known. */
    Structure with(Field field, byte[] replacement) {
        byte[] all = bytes();
        Structure changed = new Structure();
        changed.bytes.write(all, 0, field.begin);
        changed.bytes.writeBytes(replacement);
        changed.bytes.write(all, field.end, all.length - field.end);
        fields.stream().filter(other -> other.end <= field.begin).forEach(changed.fields::add);
        return changed;
    }

    int size() {
        return bytes.size();
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    byte[] bytes(Field field) {
        return Arrays.copyOfRange(bytes(), field.begin, field.end);
    }

    List<Field> fields() {
        return fields;
    }
}
