package dev.diffusion4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;

/** Reads the files that tools/parity wrote; README.md beside them says what they hold. */
public final class Goldens {

    /** One for all tests, which also shows that it may be shared. */
    static final ClipTokenizer TOKENIZER = ClipTokenizer.fromMerges(text("clip-merges.txt.gz"));

    private static final int BLOCK = 256;

    private Goldens() {}

    public static String text(String file) {
        try (InputStream resource = Goldens.class.getResourceAsStream(file);
                InputStream in = new GZIPInputStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }

    static List<JsonNode> entries(String file) {
        ObjectMapper mapper = new ObjectMapper();
        List<JsonNode> entries = new ArrayList<>();
        for (String line : text(file).lines().toList()) {
            try {
                entries.add(mapper.readTree(line));
            } catch (IOException e) {
                throw new UncheckedIOException(file, e);
            }
        }
        return entries;
    }

    /** The texts whose ids of T5 and Qwen are known: those of CLIP and those of their own. */
    public static List<String> texts() {
        return Stream.concat(
                        entries("encoded.jsonl.gz").stream().map(entry -> entry.get("text")),
                        entries("texts.jsonl.gz").stream())
                .map(JsonNode::textValue)
                .toList();
    }

    /** How many ids, and the checksum of them. */
    public static String summary(int[] ids) {
        return ids.length + " " + checksum(List.of(joined(ids)));
    }

    static String joined(int[] ids) {
        return Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(" "));
    }

    /** A checksum for each {@link #BLOCK} lines. */
    static List<String> inBlocks(List<String> lines) {
        return IntStream.range(0, (lines.size() + BLOCK - 1) / BLOCK)
                .mapToObj(block -> checksum(lines.subList(block * BLOCK, Math.min((block + 1) * BLOCK, lines.size()))))
                .toList();
    }

    /** What a file {@code *-decoded.crc.gz} has of a tokenizer: all tokens, and sequences with and without special tokens. */
    static List<String> decoded(int size, IntFunction<String> token, BiFunction<int[], Boolean, String> decode) {
        List<String> tokens = IntStream.range(0, size)
                .mapToObj(id -> id + " " + token.apply(id) + " " + decode.apply(new int[] {id}, false))
                .toList();
        List<int[]> sequences = IntStream.range(0, 4 * BLOCK)
                .mapToObj(number -> sequence(number, size))
                .toList();
        List<String> checksums = new ArrayList<>(inBlocks(tokens));
        checksums.addAll(
                inBlocks(sequences.stream().map(ids -> decode.apply(ids, false)).toList()));
        checksums.addAll(
                inBlocks(sequences.stream().map(ids -> decode.apply(ids, true)).toList()));
        return checksums;
    }

    /** The ids that the script makes in the same way. */
    private static int[] sequence(int number, int size) {
        return LongStream.range(0, 1 + number % 12)
                .mapToInt(i -> (int) ((number * 7919L + i * 104729 + i * i * 31) % size))
                .toArray();
    }

    /** The blocks of code points in which a row for each differs from the checksums of a file. */
    static List<String> differentBlocks(String file, IntFunction<String> row) {
        List<String> checksums = text(file).lines().toList();
        assertThat(checksums).hasSize((Character.MAX_CODE_POINT + 1) / BLOCK);
        return IntStream.range(0, checksums.size())
                .filter(block -> hasCharacters(block) || block % 16 == 0)
                .parallel()
                .filter(block -> !checksum(IntStream.range(block * BLOCK, (block + 1) * BLOCK)
                                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                                .mapToObj(row)
                                .toList())
                        .equals(checksums.get(block)))
                .mapToObj(block -> String.format("U+%04X", block * BLOCK))
                .toList();
    }

    /** Ten planes have none and two are for private use, all alike: one block in sixteen of these has to do. */
    private static boolean hasCharacters(int block) {
        int plane = block * BLOCK >> 16;
        return plane <= 3 || plane == 14;
    }

    static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    static float[] floats(JsonNode bits) {
        float[] values = new float[bits.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat((int) bits.get(i).longValue());
        }
        return values;
    }

    static String checksum(List<String> lines) {
        CRC32 crc = new CRC32();
        crc.update(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
