package dev.diffusion4j.tokenizer;

import static dev.diffusion4j.tokenizer.Goldens.TOKENIZER;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
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
