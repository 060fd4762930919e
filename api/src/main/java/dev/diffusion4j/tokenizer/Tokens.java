package dev.diffusion4j.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One input of the text encoder: {@value ClipTokenizer#CONTEXT_LENGTH} token ids, namely the start, up to 75 tokens of
 * the text, the end, and padding. Made by {@link ClipTokenizer}. Immutable, so any thread may use it.
 */
public final class Tokens {

    /** How many tokens of the text fit between start and end. */
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
     * Puts a start before the tokens of a text, and an end and padding behind them.
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

    /** A copy of all {@value ClipTokenizer#CONTEXT_LENGTH} ids. */
    public int[] ids() {
        return ids.clone();
    }

    /**
     * One id.
     *
     * @param index 0 to 76
     * @throws IndexOutOfBoundsException if the index is none of these
     */
    public int id(int index) {
        return ids[index];
    }

    /** How many ids there are: always {@value ClipTokenizer#CONTEXT_LENGTH}. */
    public int length() {
        return ids.length;
    }

    /** How many ids are no padding, from 2 (start and end of an empty text) to {@link #length()}. */
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
