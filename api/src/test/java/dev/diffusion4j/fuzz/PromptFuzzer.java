package dev.diffusion4j.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.nio.charset.StandardCharsets;

/** Prompts, with their weights; any text is one. */
public final class PromptFuzzer {

    private static final ClipTokenizer TOKENIZER = ClipTokenizer.load().withAddedToken("fuzz", 3);

    private PromptFuzzer() {}

    /** Builds the vocabulary, which takes longer under Jazzer than an input may. */
    public static void fuzzerInitialize() {
        TOKENIZER.tokenIds("");
    }

    public static void fuzzerTestOneInput(byte[] input) {
        // Halves of surrogate pairs come by reading the bytes as UTF-16.
        check(new String(input, StandardCharsets.UTF_8));
        check(new String(input, StandardCharsets.UTF_16LE));
    }

    private static void check(String prompt) {
        for (int id : TOKENIZER.tokenIds(prompt)) {
            assertThat(id).isBetween(0, TOKENIZER.vocabularySize() - 1);
        }
        assertThat(TOKENIZER.encode(prompt).ids()).hasSize(ClipTokenizer.CONTEXT_LENGTH);
        assertThat(TOKENIZER.encodeWeighted(prompt)).isNotNull();
        assertThat(TOKENIZER.decode(TOKENIZER.tokenIds(prompt), false)).isNotNull();
    }
}
