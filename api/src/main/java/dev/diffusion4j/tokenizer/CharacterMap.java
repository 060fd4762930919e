package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's normalisation by a table, such as nmt_nfkc: what characters become. The table is a double-array trie
 * (Darts) from UTF-8 to places in a text of results. Immutable.
 */
final class CharacterMap {

    /** Longer clusters of characters are mapped one by one, as {@code tokenizers}' {@code Precompiled} has it. */
    private static final int CLUSTER_LIMIT = 6;

    private static final int NONE = -1;

    private final int[] units;
    private final byte[] results;

    /**
     * @param table {@code precompiled_charsmap}: the trie's size in bytes, the trie, the results, each ended by 0
     * @throws InvalidRequestException if it is none
     */
    CharacterMap(byte[] table) {
        ByteBuffer in = ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN);
        int trieBytes = table.length < Integer.BYTES ? NONE : in.getInt();
        if (trieBytes < Integer.BYTES || trieBytes % Integer.BYTES != 0 || trieBytes > in.remaining()) {
            throw new InvalidRequestException(
                    "precompiled_charsmap", table.length + " other bytes", "a trie and its results");
        }
        this.units = new int[trieBytes / Integer.BYTES];
        in.asIntBuffer().get(units);
        this.results = new byte[in.remaining() - trieBytes];
        in.position(in.position() + trieBytes).get(results);
    }

    /** What becomes of a text without halves of surrogate pairs. */
    String normalize(String text) {
        StringBuilder normalized = new StringBuilder(text.length());
        GraphemeClusters.forEach(text, (start, end) -> normalizeCluster(text, start, end, normalized));
        return normalized.toString();
    }

    private void normalizeCluster(String text, int start, int end, StringBuilder normalized) {
        boolean one = end - start == Character.charCount(text.codePointAt(start));
        if (!one && isShort(text, start, end)) {
            String mapped = mapped(text.substring(start, end));
            if (mapped != null) {
                normalized.append(mapped);
                return;
            }
        }
        for (int i = start; i < end; i += Character.charCount(text.codePointAt(i))) {
            String character = Character.toString(text.codePointAt(i));
            String mapped = mapped(character);
            normalized.append(mapped == null ? character : mapped);
        }
    }

    private static boolean isShort(String text, int start, int end) {
        // A char has at least one byte.
        return end - start < CLUSTER_LIMIT
                && text.substring(start, end).getBytes(StandardCharsets.UTF_8).length < CLUSTER_LIMIT;
    }

    /** The result for the shortest beginning that has one, which then stands for the whole; null if none has. */
    private @Nullable String mapped(String characters) {
        int node = offset(units[0]);
        for (byte b : characters.getBytes(StandardCharsets.UTF_8)) {
            node ^= b & 0xff;
            if (b == 0 || node >= units.length || label(units[node]) != (b & 0xff)) {
                return null;
            }
            int unit = units[node];
            node ^= offset(unit);
            if (hasLeaf(unit)) {
                return node < units.length ? result(units[node] & Integer.MAX_VALUE) : null;
            }
        }
        return null;
    }

    private @Nullable String result(int start) {
        if (start >= results.length) {
            return null;
        }
        int end = start;
        while (end < results.length && results[end] != 0) {
            end++;
        }
        return new String(results, start, end - start, StandardCharsets.UTF_8);
    }

    private static boolean hasLeaf(int unit) {
        return (unit >>> 8 & 1) == 1;
    }

    /** Has a bit more in units that are leaves, so that these match no byte. */
    private static int label(int unit) {
        return unit & (Integer.MIN_VALUE | 0xff);
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }
}
