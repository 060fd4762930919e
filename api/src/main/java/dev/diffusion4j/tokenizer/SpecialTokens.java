package dev.diffusion4j.tokenizer;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that are found in a text as they are written, before it is normalised. None is the beginning of another.
 * Immutable.
 */
final class SpecialTokens {

    private final Map<String, Integer> ids;
    private final Map<Integer, String> tokens;

    /** Ids that are left out of a text without special tokens. */
    private final Set<Integer> skipped;

    private final Pattern pattern;

    SpecialTokens(Map<String, Integer> ids, Set<Integer> skipped) {
        this.ids = new LinkedHashMap<>(ids);
        this.tokens = ids.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));
        this.skipped = Set.copyOf(skipped);
        this.pattern = Pattern.compile(ids.keySet().stream().map(Pattern::quote).collect(Collectors.joining("|")));
    }

    int size() {
        return ids.size();
    }

    @Nullable
    Integer id(String token) {
        return ids.get(token);
    }

    @Nullable
    String token(int id) {
        return tokens.get(id);
    }

    boolean isSkipped(int id) {
        return skipped.contains(id);
    }

    /** Walks through a text: what is between the tokens, which is never empty, and the ids of the tokens. */
    void split(String text, Consumer<String> plain, IntConsumer found) {
        Matcher matcher = pattern.matcher(text);
        int start = 0;
        while (matcher.find()) {
            if (matcher.start() > start) {
                plain.accept(text.substring(start, matcher.start()));
            }
            found.accept(Objects.requireNonNull(ids.get(matcher.group())));
            start = matcher.end();
        }
        if (start < text.length()) {
            plain.accept(text.substring(start));
        }
    }
}
