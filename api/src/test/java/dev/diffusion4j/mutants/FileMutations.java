package dev.diffusion4j.mutants;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Changes the file that a draft is written to. */
final class FileMutations {

    private static final List<String> JSON_WORDS = List.of(
            "",
            "null",
            "0",
            "-1",
            "1e3",
            "1.5",
            "\"x\"",
            "\"\"",
            "[]",
            "{}",
            "[1,2,3]",
            "[-1,0]",
            "[0,0]",
            "[1e1,2e1]",
            "[0,18446744073709551615]",
            "[\"1\",\"2\"]",
            "[[1],[2]]",
            "\"F32\"",
            "\"F16\"",
            "\"BF16\"",
            "\"f16\"",
            "true",
            "{\"dtype\":\"F16\"}",
            "[".repeat(2_000),
            "/*x*/",
            "\"\\ud800\"",
            "\ufeff",
            "{\"a\":{\"b\":[1,{}]}}");

    private final Choice choice;

    FileMutations(Choice choice) {
        this.choice = choice;
    }

    /** The description with another word somewhere. */
    Structure describedOtherwise(Structure description, boolean isJson, StringBuilder what) {
        Structure.Field field = anyByLabel(description.fields());
        byte[] old = description.bytes(field);
        byte[] word = word(old, isJson);
        what.append(field.label() + " at " + field.begin() + ": " + printable(word) + " for " + printable(old));
        return description.with(field, word);
    }

    private byte[] word(byte[] old, boolean isJson) {
        if (choice.percent(15)) {
            return new byte[0];
        }
        if (choice.percent(10)) {
            byte[] twice = Arrays.copyOf(old, 2 * old.length);
            System.arraycopy(old, 0, twice, old.length, old.length);
            return twice;
        }
        if (isJson) {
            return choice.of(JSON_WORDS).getBytes(StandardCharsets.UTF_8);
        }
        if (old.length <= Long.BYTES && choice.percent(80)) {
            return telling(old);
        }
        return choice.bytes(choice.of(old.length, old.length, 1, 2, 8));
    }

    /** A structure with another value at one of its fields. */
    String fieldSet(FileImage image) {
        FileImage.Block block = choice.of(image.structures());
        Structure.Field field = anyByLabel(block.fields());
        byte[] bytes = block.bytes().clone();
        byte[] old = Arrays.copyOfRange(bytes, field.begin(), field.end());
        byte[] value = old.length <= Long.BYTES ? telling(old) : choice.bytes(Math.min(old.length, 64));
        System.arraycopy(value, 0, bytes, field.begin(), value.length);
        image.replace(block, bytes);
        return field.label() + " at " + (block.offset() + field.begin()) + ": " + printable(value) + " for "
                + printable(old);
    }

    /** The file cut at the beginning or end of anything, or a little beside; or longer than it should be. */
    String cut(FileImage image) {
        long before = image.length;
        FileImage.Block block = choice.of(choice.percent(60) ? image.structures() : image.blocks);
        if (choice.percent(10)) {
            image.length += choice.of(1, 2, 8, 32, 4096, 1 << 20);
        } else if (!block.fields().isEmpty() && choice.percent(70)) {
            Structure.Field field = anyByLabel(block.fields());
            image.length = block.offset() + choice.of(field.begin(), field.end()) + choice.of(-1, 0, 1);
        } else {
            image.length = choice.of(block.offset(), block.end(), image.length) + choice.of(-32, -1, 0, 0, 1);
        }
        image.length = Math.clamp(image.length, 0, before + (1 << 20));
        return "length " + image.length + " for " + before;
    }

    String scribble(FileImage image) {
        FileImage.Block block = choice.of(image.structures());
        byte[] bytes = block.bytes().clone();
        int count = choice.of(1, 1, 2, 4, 16);
        StringBuilder what = new StringBuilder("bytes");
        for (int i = 0; i < count; i++) {
            int at = choice.below(bytes.length);
            bytes[at] = choice.percent(50) ? (byte) (bytes[at] ^ 1 << choice.below(8)) : choice.bytes(1)[0];
            what.append(" ").append(block.offset() + at).append('=').append(bytes[at] & 0xff);
        }
        image.replace(block, bytes);
        return what.toString();
    }

    /** Labels first, for some fields come a thousand times and some once. */
    private Structure.Field anyByLabel(List<Structure.Field> fields) {
        List<String> labels =
                fields.stream().map(Structure.Field::label).distinct().toList();
        String label = choice.of(labels);
        return choice.of(
                fields.stream().filter(field -> field.label().equals(label)).toList());
    }

    private byte[] telling(byte[] old) {
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        number.put(old).rewind();
        byte[] value = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(choice.telling(number.getLong()))
                .array();
        return Arrays.copyOf(value, old.length);
    }

    private static String printable(byte[] bytes) {
        String text = new String(bytes, 0, Math.min(bytes.length, 40), StandardCharsets.ISO_8859_1);
        if (text.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            return "'" + text + "'";
        }
        return "0x" + HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 16));
    }
}
