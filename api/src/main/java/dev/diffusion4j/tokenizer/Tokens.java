package dev.diffusion4j.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One input of a text encoder: the ids of a text, with what its tokenizer puts before and behind, and padding. Those of
 * {@link ClipTokenizer} are {@value ClipTokenizer#CONTEXT_LENGTH}: the start, up to 75 tokens of the text, the end, and
 * padding; {@link T5Tokenizer} has no start, and {@link QwenTokenizer} neither start nor end. Immutable, so any thread may
 * use it.
 */
public final class Tokens {

    /** How many tokens of the text fit between CLIP's start and end. */
    static final int CHUNK_LENGTH = ClipTokenizer.CONTEXT_LENGTH - 2;

    private final int[] ids;
    private final int count;
    private final int dropped;

    private Tokens(int[] ids, int count, int dropped) {
        this.ids = ids;
        this.count = count;
        this.dropped = dropped;
    }

    /**
     * Puts padding behind tokens.
     *
     * @param tokens at most {@code length} ids, with start and end where there are any
     * @param dropped how many tokens of the text found no room
     */
    static Tokens padded(int[] tokens, int length, int dropped, int padding) {
        int[] ids = Arrays.copyOf(tokens, length);
        Arrays.fill(ids, tokens.length, length, padding);
        return new Tokens(ids, tokens.length, dropped);
    }

    /**
     * Puts CLIP's start before the tokens of a text, and an end and padding behind them.
     *
     * @param text at most {@link #CHUNK_LENGTH} ids
     * @param meant how many of them are the text's; others behind them only fill up
     * @param dropped how many tokens of the text found no room
     */
    static Tokens framed(int[] text, int meant, int dropped, int padding) {
        int[] ids = new int[ClipTokenizer.CONTEXT_LENGTH];
        Arrays.fill(ids, padding);
        ids[0] = ClipTokenizer.START_OF_TEXT;
        System.arraycopy(text, 0, ids, 1, text.length);
        ids[text.length + 1] = ClipTokenizer.END_OF_TEXT;
        return new Tokens(ids, meant + 2, dropped);
    }

    /** A copy of all ids, {@link #length()} of them. */
    public int[] ids() {
        return ids.clone();
    }

    /**
     * One id.
     *
     * @param index 0 to one less than {@link #length()}
     * @throws IndexOutOfBoundsException if the index is none of these
     */
    public int id(int index) {
        return ids[index];
    }

    /** How many ids there are, padding among them. */
    public int length() {
        return ids.length;
    }

    /** How many ids are no padding, up to {@link #length()}. */
    public int count() {
        return count;
    }

    /** A new array as long as {@link #ids()}: 1 for start, text and end, 0 for padding. */
    public int[] attentionMask() {
        int[] mask = new int[ids.length];
        Arrays.fill(mask, 0, count, 1);
        return mask;
    }

    /** Whether the text was longer than there is room for, so that its end is missing here. */
    public boolean truncated() {
        return dropped > 0;
    }

    /** How many tokens at the end of the text are missing here; 0 unless {@link #truncated()}. */
    public int droppedCount() {
        return dropped;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Tokens that
                && count == that.count
                && dropped == that.dropped
                && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(ids) + count) + dropped;
    }

    /** The ids without padding, and what was dropped. */
    @Override
    public String toString() {
        return "Tokens" + Arrays.toString(Arrays.copyOf(ids, count)) + (truncated() ? ", " + dropped + " dropped" : "");
    }
}
