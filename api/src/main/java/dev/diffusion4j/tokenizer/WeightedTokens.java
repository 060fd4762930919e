package dev.diffusion4j.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One input of the text encoder and what each of its tokens weighs. Made by {@link ClipTokenizer#encodeWeighted}.
 * Immutable, so any thread may use it.
 */
public final class WeightedTokens {

    private final Tokens tokens;
    private final float[] weights;

    /** @param weights as many as tokens, kept and not copied */
    WeightedTokens(Tokens tokens, float[] weights) {
        this.tokens = tokens;
        this.weights = weights;
    }

    /** The tokens. */
    public Tokens tokens() {
        return tokens;
    }

    /** A copy of the weights, one for each id; 1 for start, end and padding. */
    public float[] weights() {
        return weights.clone();
    }

    /**
     * One weight.
     *
     * @param index 0 to 76
     * @throws IndexOutOfBoundsException if the index is none of these
     */
    public float weight(int index) {
        return weights[index];
    }

    /** Whether any token weighs other than 1. */
    public boolean weighted() {
        for (float weight : weights) {
            if (weight != 1) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WeightedTokens that
                && tokens.equals(that.tokens)
                && Arrays.equals(weights, that.weights);
    }

    @Override
    public int hashCode() {
        return 31 * tokens.hashCode() + Arrays.hashCode(weights);
    }

    /** The tokens and the weights without padding. */
    @Override
    public String toString() {
        return tokens + ", weights " + Arrays.toString(Arrays.copyOf(weights, tokens.count()));
    }
}
