package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.tokenizer.AddedToken;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The words of a model's textual inversions, as the runtime is told them. Its own search for them is case-sensitive and takes
 * the shorter of two that begin alike; so each has a name that nobody types, and prompts are handed over with that name
 * wherever the tokenizer finds the word.
 */
final class LearnedWords {

    /** Of the private use area, so that no other text begins or ends alike. */
    private static final String BEGIN = "\ue000";

    private static final String END = "\ue001";

    /** The white space of the runtime's regular expressions, in a run that no text has for a reason. */
    private static final Pattern LONG_BLANK = Pattern.compile("[ \\t\\n\\x0B\\f\\r]{64,}+");

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

    /**
     * A prompt as the runtime is given it. Its parser takes time that grows with the square of a run of blanks, minutes for
     * 100,000, in which it cannot be cancelled; a run means no more to a model than one blank.
     */
    MemorySegment prompt(String text, Arena arena) {
        return arena.allocateFrom(LONG_BLANK.matcher(mark(text)).replaceAll(" "));
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
