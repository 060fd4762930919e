package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.Tokens;
import dev.diffusion4j.tokenizer.WeightedTokens;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * One input of the text encoder, for people and machines.
 *
 * @param names each id's entry of the vocabulary
 * @param weights of each id, where they were asked for
 */
record TokenListing(Tokens tokens, String[] names, Optional<float[]> weights) {

    static TokenListing of(ClipTokenizer tokenizer, Tokens tokens) {
        return new TokenListing(tokens, names(tokenizer, tokens), Optional.empty());
    }

    static TokenListing of(ClipTokenizer tokenizer, WeightedTokens weighted) {
        Tokens tokens = weighted.tokens();
        return new TokenListing(tokens, names(tokenizer, tokens), Optional.of(weighted.weights()));
    }

    private static String[] names(ClipTokenizer tokenizer, Tokens tokens) {
        return Arrays.stream(tokens.ids()).mapToObj(tokenizer::token).toArray(String[]::new);
    }

    /** A line for each token; the padding, which is all alike, takes one. */
    void print(PrintStream out) {
        int shown = Math.min(tokens.count() + 1, tokens.length());
        int width =
                Arrays.stream(names, 0, shown).mapToInt(String::length).max().orElse(1);
        out.printf(
                "%8s  %5s  %-" + width + "s  mask%s%n",
                "position",
                "id",
                "token",
                weights.isPresent() ? "  weight" : "");
        for (int i = 0; i < shown; i++) {
            boolean padding = i == tokens.count();
            String position = padding && i < tokens.length() - 1 ? i + "-" + (tokens.length() - 1) : String.valueOf(i);
            int index = i;
            String weight = weights.map(all -> String.format(Locale.ROOT, "  %6.3f", all[index]))
                    .orElse("");
            out.printf(
                    "%8s  %5d  %-" + width + "s  %4d%s%n", position, tokens.id(i), names[i], padding ? 0 : 1, weight);
        }
        if (tokens.truncated()) {
            out.printf("%d more tokens do not fit (--chunks shows them)%n", tokens.droppedCount());
        }
    }

    ObjectNode toJson() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        ArrayNode ids = node.putArray("ids");
        Arrays.stream(tokens.ids()).forEach(ids::add);
        ArrayNode names = node.putArray("tokens");
        Arrays.stream(this.names).forEach(names::add);
        ArrayNode mask = node.putArray("mask");
        Arrays.stream(tokens.attentionMask()).forEach(mask::add);
        weights.ifPresent(all -> {
            ArrayNode array = node.putArray("weights");
            for (float weight : all) {
                array.add(weight);
            }
        });
        return node.put("count", tokens.count())
                .put("truncated", tokens.truncated())
                .put("dropped", tokens.droppedCount());
    }
}
