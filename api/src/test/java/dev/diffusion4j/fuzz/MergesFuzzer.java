package dev.diffusion4j.fuzz;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.ffm.library.Vocabularies;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.nio.charset.StandardCharsets;

/** The tokenizer's vocabulary as a text: the input alone, and in the place of the true one's beginning. */
public final class MergesFuzzer {

    private static final String MERGES = Vocabularies.clipMerges();

    private MergesFuzzer() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        check(text);
        int end = MERGES.indexOf('\n', text.length());
        check(text + MERGES.substring(end));
    }

    private static void check(String merges) {
        try {
            ClipTokenizer.fromMerges(merges);
        } catch (InvalidRequestException e) {
            // Refused, as nearly all of them are.
        }
    }
}
