package dev.diffusion4j.tokenizer;

import static dev.diffusion4j.tokenizer.Goldens.TOKENIZER;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Equal to Hugging Face's CLIPTokenizer. */
@Tag("fast")
class ReferenceTokenizerTest {

    private static final int BLOCK = 256;

    @Test
    void encodesEveryTextLikeTheReference() {
        List<JsonNode> entries = Goldens.entries("encoded.jsonl.gz");

        assertThat(entries)
                .hasSizeGreaterThan(2000)
                .allSatisfy(
                        entry -> assertThat(TOKENIZER.tokenIds(entry.get("text").textValue()))
                                .isEqualTo(Goldens.ints(entry.get("ids"))));
    }

    @Test
    void treatsEveryCodePointLikeTheReference() {
        List<String> checksums = Goldens.text("codepoints.crc.gz").lines().toList();
        List<String> different = IntStream.range(0, checksums.size())
                .filter(block -> hasCharacters(block) || block % 16 == 0)
                .parallel()
                .filter(block -> !probes(block).equals(checksums.get(block)))
                .mapToObj(block -> String.format("U+%04X", block * BLOCK))
                .toList();

        assertThat(checksums).hasSize(0x110000 / BLOCK);
        assertThat(different).as("blocks of code points with differences").isEmpty();
    }

    /** Ten planes have none and two are for private use, all alike: one block in sixteen of these has to do. */
    private static boolean hasCharacters(int block) {
        int plane = block * BLOCK >> 16;
        return plane <= 3 || plane == 14;
    }

    private static String probes(int block) {
        return Goldens.checksum(IntStream.range(block * BLOCK, (block + 1) * BLOCK)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .mapToObj(ReferenceTokenizerTest::probe)
                .toList());
    }

    /** The ids of a text around the code point, with start and end, as the script writes them. */
    private static String probe(int codePoint) {
        String c = Character.toString(codePoint);
        int[] ids = TOKENIZER.tokenIds("a" + c + "b" + c + "\u0345\u0301" + c + "\u0334 1" + c + "!");
        return IntStream.concat(
                        IntStream.concat(IntStream.of(ClipTokenizer.START_OF_TEXT), Arrays.stream(ids)),
                        IntStream.of(ClipTokenizer.END_OF_TEXT))
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(" "));
    }

    @Test
    void decodesEveryTokenLikeTheReference() {
        List<String> checksums = Goldens.text("tokens.crc.gz").lines().toList();
        List<Integer> different = new ArrayList<>();
        for (int block = 0; block < checksums.size(); block++) {
            List<String> rows = IntStream.range(block * BLOCK, (block + 1) * BLOCK)
                    .mapToObj(id -> id + " " + TOKENIZER.token(id) + " " + TOKENIZER.decode(id))
                    .toList();
            if (!Goldens.checksum(rows).equals(checksums.get(block))) {
                different.add(block * BLOCK);
            }
        }

        assertThat(checksums).hasSize(TOKENIZER.vocabularySize() / BLOCK);
        assertThat(different).as("blocks of ids with differences").isEmpty();
    }

    @Test
    void decodesSequencesLikeTheReference() {
        assertThat(Goldens.entries("decoded.jsonl.gz")).hasSize(1000).allSatisfy(entry -> {
            int[] ids = Goldens.ints(entry.get("ids"));
            assertThat(TOKENIZER.decode(ids, false)).isEqualTo(entry.get("text").textValue());
            assertThat(TOKENIZER.decode(ids, true)).isEqualTo(entry.get("plain").textValue());
        });
    }
}
