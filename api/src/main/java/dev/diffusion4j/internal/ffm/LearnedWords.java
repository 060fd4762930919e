package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.tokenizer.AddedToken;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The words of a model's textual inversions, as the runtime is told them. Its own search for them is case-sensitive and takes
 * the shorter of two that begin alike; so each has a name that nobody types, and prompts are handed over with that name
 * wherever the tokenizer finds the word.
 */
final class LearnedWords {

    /** Of the private use area, so that no other text begins or ends alike. */
    private static final String BEGIN = "\ue000";

    private static final String END = "\ue001";

    private final ClipTokenizer tokenizer;
    private final Map<String, String> nativeNames = new LinkedHashMap<>();

    private LearnedWords(ClipTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    static LearnedWords of(Collection<String> words) {
        ClipTokenizer tokenizer = ClipTokenizer.load();
        for (String word : words) {
            tokenizer = tokenizer.withAddedToken(word, 1);
        }
        LearnedWords learned = new LearnedWords(tokenizer);
        for (int id = ClipTokenizer.VOCABULARY_SIZE; id < tokenizer.vocabularySize(); id++) {
            learned.nativeNames.put(tokenizer.token(id), BEGIN + (id - ClipTokenizer.VOCABULARY_SIZE) + END);
        }
        return learned;
    }

    /** The names in the order of the words. */
    Collection<String> nativeNames() {
        return nativeNames.values();
    }

    /** A prompt with the names of the words in place of the words. */
    String mark(String prompt) {
        StringBuilder marked = new StringBuilder();
        int start = 0;
        for (AddedToken word : tokenizer.addedTokens(prompt)) {
            marked.append(prompt, start, word.start()).append(nativeNames.get(word.name()));
            start = word.end();
        }
        return marked.append(prompt, start, prompt.length()).toString();
    }
}
