package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.tokenizer.Unigrams.Piece;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parts of a {@code tokenizer.json}, the file of Hugging Face's {@code tokenizers}, that tokenizers are built from. */
final class TokenizerJson {

    private static final String NAME = "tokenizer.json";

    /** A token that is found before a text is normalised. */
    record Added(String text, int id, boolean special) {}

    private final Map<?, ?> root;
    private final Map<?, ?> model;

    /**
     * @param type what the model is: Unigram or BPE
     * @throws InvalidRequestException here and in all methods if the text has not what is asked for
     */
    TokenizerJson(String json, String type) {
        this.root = asMap(read(json), "an object");
        this.model = asMap(root.get("model"), "an object with a model");
        Object found = model.get("type");
        if (!type.equals(found)) {
            throw refused("a model of type " + found, "one of type " + type);
        }
    }

    private static @Nullable Object read(String json) {
        try {
            return Json.read(json);
        } catch (JsonFormatException e) {
            throw refused("a text that cannot be read: " + e.getMessage(), "JSON");
        }
    }

    /** The pieces of a unigram model in the order of their ids. */
    List<Piece> pieces() {
        List<Piece> pieces = new ArrayList<>();
        for (Object entry : asList(model.get("vocab"), "a model with a list of pieces")) {
            if (entry instanceof List<?> pair
                    && pair.size() == 2
                    && pair.get(0) instanceof String text
                    && pair.get(1) instanceof Number score) {
                pieces.add(new Piece(text, score.doubleValue()));
            } else {
                throw refused("the piece " + entry, "a model whose pieces are texts with scores");
            }
        }
        return pieces;
    }

    /** The table of the normaliser of type Precompiled, alone or in a sequence. */
    byte[] characterMap() {
        Object normalizer = root.get("normalizer");
        List<?> steps = normalizer instanceof Map<?, ?> map && map.get("normalizers") instanceof List<?> sequence
                ? sequence
                : normalizer == null ? List.of() : List.of(normalizer);
        for (Object step : steps) {
            if (step instanceof Map<?, ?> map && map.get("precompiled_charsmap") instanceof String table) {
                try {
                    return Base64.getDecoder().decode(table);
                } catch (IllegalArgumentException e) {
                    throw refused("a precompiled_charsmap that is none: " + e.getMessage(), "one in Base64");
                }
            }
        }
        throw refused("a text without precompiled_charsmap", "one with the normaliser of SentencePiece");
    }

    /** The merges of a byte-pair model, two tokens with a space between them each. */
    List<String> merges() {
        List<String> merges = new ArrayList<>();
        for (Object entry : asList(model.get("merges"), "a model with a list of merges")) {
            if (entry instanceof String merge) {
                merges.add(merge);
            } else if (entry instanceof List<?> pair
                    && pair.size() == 2
                    && pair.get(0) instanceof String left
                    && pair.get(1) instanceof String right) {
                merges.add(left + " " + right);
            } else {
                throw refused("the merge " + entry, "a model whose merges are two tokens");
            }
        }
        return merges;
    }

    /** The ids of a byte-pair model's tokens. */
    Map<?, ?> vocabulary() {
        return asMap(model.get("vocab"), "a model with a vocabulary");
    }

    List<Added> addedTokens() {
        List<Added> added = new ArrayList<>();
        for (Object entry : asList(root.get("added_tokens"), "an object with a list of added_tokens")) {
            if (entry instanceof Map<?, ?> token
                    && token.get("content") instanceof String text
                    && token.get("id") instanceof Long id
                    && token.get("special") instanceof Boolean special) {
                added.add(new Added(text, Math.toIntExact(id), special));
            } else {
                throw refused("the added token " + entry, "one whose added_tokens have content, id and special");
            }
        }
        return added;
    }

    static InvalidRequestException refused(String found, String allowed) {
        return new InvalidRequestException(NAME, found, allowed);
    }

    private static Map<?, ?> asMap(@Nullable Object value, String what) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw refused(kind(value), what);
    }

    private static List<?> asList(@Nullable Object value, String what) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw refused(kind(value), what);
    }

    private static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "one without";
            case Map<?, ?> _ -> "an object";
            case List<?> _ -> "a list";
            default -> "'" + value + "'";
        };
    }
}
