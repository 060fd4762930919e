package dev.diffusion4j.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * SentencePiece's unigram vocabulary: pieces with scores, their log probabilities. A word is cut into those whose sum is
 * largest, by the algorithm of {@code tokenizers}' {@code Unigram} (Viterbi). Immutable.
 */
final class Unigrams {

    /** A piece of the vocabulary; its id is its index. */
    record Piece(String text, double score) {}

    /** How much less than the worst piece a character without one scores. */
    private static final double UNKNOWN_PENALTY = 10;

    private static final int NONE = -1;
    private static final int ROOT = 0;

    private final List<Piece> pieces;
    private final int unknown;
    private final double unknownScore;
    private final Map<String, Integer> ids;

    /** The trie of the pieces: from a node by a character to the next. */
    private final Map<Long, Integer> next;

    /** The piece that ends at a node, or {@link #NONE}. */
    private final int[] ends;

    Unigrams(List<Piece> pieces, int unknown) {
        this.pieces = List.copyOf(pieces);
        this.unknown = unknown;
        this.unknownScore = pieces.stream().mapToDouble(Piece::score).min().orElse(0) - UNKNOWN_PENALTY;
        this.ids = HashMap.newHashMap(pieces.size());
        int characters =
                pieces.stream().mapToInt(piece -> piece.text().length()).sum();
        this.next = new HashMap<>();
        int[] endsOfNodes = new int[characters + 1];
        Arrays.fill(endsOfNodes, NONE);
        for (int id = 0; id < pieces.size(); id++) {
            String text = pieces.get(id).text();
            int node = ROOT;
            for (int i = 0; i < text.length(); i++) {
                int unused = next.size() + 1;
                Integer known = next.putIfAbsent(step(node, text.charAt(i)), unused);
                node = known == null ? unused : known;
            }
            endsOfNodes[node] = id;
            ids.put(text, id);
        }
        this.ends = Arrays.copyOf(endsOfNodes, next.size() + 1);
    }

    String text(int id) {
        return pieces.get(id).text();
    }

    int size() {
        return pieces.size();
    }

    OptionalInt id(String text) {
        Integer id = ids.get(text);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** The ids of a word. Characters without a piece are unknown, those in a row together. */
    IntStream encode(String word) {
        int length = word.length();
        double[] scores = new double[length + 1];
        int[] starts = new int[length + 1];
        int[] best = new int[length + 1];
        Arrays.fill(starts, NONE);
        for (int start = 0; start < length; start += Character.charCount(word.codePointAt(start))) {
            int afterFirst = start + Character.charCount(word.codePointAt(start));
            boolean firstIsKnown = false;
            int node = ROOT;
            for (int i = start; i < length; i++) {
                node = next.getOrDefault(step(node, word.charAt(i)), NONE);
                if (node == NONE) {
                    break;
                }
                if (ends[node] != NONE) {
                    firstIsKnown |= i + 1 == afterFirst;
                    offer(
                            scores,
                            starts,
                            best,
                            start,
                            i + 1,
                            ends[node],
                            pieces.get(ends[node]).score());
                }
            }
            if (!firstIsKnown) {
                offer(scores, starts, best, start, afterFirst, unknown, unknownScore);
            }
        }
        return backwards(starts, best);
    }

    private static void offer(double[] scores, int[] starts, int[] best, int start, int end, int id, double score) {
        double sum = scores[start] + score;
        if (starts[end] == NONE || sum > scores[end]) {
            scores[end] = sum;
            starts[end] = start;
            best[end] = id;
        }
    }

    private IntStream backwards(int[] starts, int[] best) {
        int[] found = new int[starts.length];
        int first = found.length;
        for (int end = starts.length - 1; end > 0; end = starts[end]) {
            boolean fused = best[end] == unknown && first < found.length && found[first] == unknown;
            if (!fused) {
                found[--first] = best[end];
            }
        }
        return Arrays.stream(found, first, found.length);
    }

    private static long step(int node, char c) {
        return (long) node << Character.SIZE | c;
    }
}
