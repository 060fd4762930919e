package dev.diffusion4j.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Collects tokens with weights and cuts them into chunks of {@link Tokens#CHUNK_LENGTH}. Not thread-safe. */
final class WeightedSequence {

    private int[] ids = new int[Tokens.CHUNK_LENGTH];
    private float[] weights = new float[Tokens.CHUNK_LENGTH];
    private int size;

    /** Which positions only fill up a chunk; always the last ones of it. */
    private final BitSet fillers = new BitSet();

    void add(int[] newIds, float weight) {
        int newSize = size + newIds.length;
        if (newSize > ids.length) {
            int capacity = Math.max(newSize, 2 * ids.length);
            ids = Arrays.copyOf(ids, capacity);
            weights = Arrays.copyOf(weights, capacity);
        }
        System.arraycopy(newIds, 0, ids, size, newIds.length);
        Arrays.fill(weights, size, newSize, weight);
        size = newSize;
    }

    /** Fills up the last chunk with ends of text, unless it is full already or nothing is there yet. */
    void fillChunk() {
        int missing = (Tokens.CHUNK_LENGTH - size % Tokens.CHUNK_LENGTH) % Tokens.CHUNK_LENGTH;
        int[] ends = new int[missing];
        Arrays.fill(ends, ClipTokenizer.END_OF_TEXT);
        fillers.set(size, size + missing);
        add(ends, 1);
    }

    /** At least one, the last one padded. */
    List<WeightedTokens> chunks(int padding) {
        List<WeightedTokens> chunks = new ArrayList<>();
        for (int start = 0; start == 0 || start < size; start += Tokens.CHUNK_LENGTH) {
            int end = Math.min(start + Tokens.CHUNK_LENGTH, size);
            int meant = end - start - fillers.get(start, end).cardinality();
            float[] framed = new float[ClipTokenizer.CONTEXT_LENGTH];
            Arrays.fill(framed, 1);
            System.arraycopy(weights, start, framed, 1, end - start);
            chunks.add(
                    new WeightedTokens(Tokens.framed(Arrays.copyOfRange(ids, start, end), meant, 0, padding), framed));
        }
        return List.copyOf(chunks);
    }
}
