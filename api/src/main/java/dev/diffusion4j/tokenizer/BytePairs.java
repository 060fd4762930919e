package dev.diffusion4j.tokenizer;

import dev.diffusion4j.error.InvalidRequestException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * A byte-pair vocabulary: 256 bytes, where words are marked at their ends the same again as last byte of a word, one token for
 * each merge, and special tokens. Because tokens are numbered in the order of their merges, a merge's token id is its rank
 * too. Immutable.
 */
final class BytePairs {

    private static final int BYTES = 256;
    private static final int NONE = -1;

    private final String endOfWord;

    /** How far the id of a word's last byte is from that of the same byte within. */
    private final int lastByteOffset;

    private final String[] tokens;
    private final Map<String, Integer> ids;
    private final Map<Long, Integer> merges;

    /** The byte's token id within a word. */
    private final int[] byteIds = new int[BYTES];

    /** The byte that a character of a token stands for, by character. */
    private final Map<Character, Byte> bytesOfSymbols = HashMap.newHashMap(BYTES);

    /**
     * @param merges two tokens with a space between them each
     * @param firstLine the number of the first merge's line, for messages
     * @param endOfWord what the token of a word's last byte ends with, "" where it does not differ
     * @param specialTokens what has the ids behind the merges'
     */
    BytePairs(List<String> merges, int firstLine, String endOfWord, List<String> specialTokens) {
        this.endOfWord = endOfWord;
        this.lastByteOffset = endOfWord.isEmpty() ? 0 : BYTES;
        int firstMerge = BYTES + lastByteOffset;
        int size = firstMerge + merges.size() + specialTokens.size();
        this.tokens = new String[size];
        this.ids = HashMap.newHashMap(size);
        this.merges = HashMap.newHashMap(merges.size());
        addBytes();
        for (int i = 0; i < merges.size(); i++) {
            addMerge(firstMerge + i, firstLine + i, merges.get(i));
        }
        for (int i = 0; i < specialTokens.size(); i++) {
            add(firstMerge + merges.size() + i, specialTokens.get(i));
        }
        if (ids.size() != size) {
            throw new InvalidRequestException("merges", ids.size() + " different tokens", size + " of them");
        }
    }

    int size() {
        return tokens.length;
    }

    String token(int id) {
        return tokens[id];
    }

    OptionalInt id(String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** What the token's characters stand for. */
    byte[] bytes(int id) {
        String token = tokens[id];
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = Objects.requireNonNull(bytesOfSymbols.get(token.charAt(i)));
        }
        return bytes;
    }

    /**
     * Encodes one word: the neighbours with the lowest rank, the leftmost of equals, become one until none can. A queue
     * of candidates over a linked list keeps this near-linear for words of any length.
     */
    IntStream encode(String word) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        int count = bytes.length;
        int[] symbols = new int[count];
        int[] next = new int[count];
        int[] previous = new int[count];
        for (int i = 0; i < count; i++) {
            symbols[i] = byteIds[bytes[i] & 0xff] + (i == count - 1 ? lastByteOffset : 0);
            next[i] = i == count - 1 ? NONE : i + 1;
            previous[i] = i - 1;
        }
        PriorityQueue<Candidate> candidates = new PriorityQueue<>();
        for (int i = 0; i < count - 1; i++) {
            offer(candidates, symbols, i, i + 1);
        }
        while (!candidates.isEmpty()) {
            Candidate best = candidates.poll();
            int left = best.left();
            int right = next[left];
            // Merges around it may have used up or changed either side since it was queued.
            if (symbols[left] == NONE || right == NONE || merged(symbols[left], symbols[right]) != best.id()) {
                continue;
            }
            symbols[left] = best.id();
            symbols[right] = NONE;
            next[left] = next[right];
            if (next[left] != NONE) {
                previous[next[left]] = left;
                offer(candidates, symbols, left, next[left]);
            }
            if (previous[left] != NONE) {
                offer(candidates, symbols, previous[left], left);
            }
        }
        return IntStream.of(symbols).filter(id -> id != NONE);
    }

    private record Candidate(int id, int left) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            return id != other.id ? Integer.compare(id, other.id) : Integer.compare(left, other.left);
        }
    }

    private void offer(PriorityQueue<Candidate> candidates, int[] symbols, int left, int right) {
        int id = merged(symbols[left], symbols[right]);
        if (id != NONE) {
            candidates.add(new Candidate(id, left));
        }
    }

    private int merged(int left, int right) {
        return merges.getOrDefault(pair(left, right), NONE);
    }

    /** Not one id above the other: the hash of such a number is the same for too many pairs. */
    private long pair(int left, int right) {
        return (long) left * tokens.length + right;
    }

    /** Printable bytes stand for themselves and come first; the others are shown as characters from U+0100 on. */
    private void addBytes() {
        int[] printable =
                IntStream.range(0, BYTES).filter(BytePairs::isPrintable).toArray();
        int[] others = IntStream.range(0, BYTES).filter(b -> !isPrintable(b)).toArray();
        for (int i = 0; i < printable.length; i++) {
            addByte(i, printable[i], (char) printable[i]);
        }
        for (int i = 0; i < others.length; i++) {
            addByte(printable.length + i, others[i], (char) (BYTES + i));
        }
    }

    private void addByte(int id, int value, char shown) {
        byteIds[value] = id;
        bytesOfSymbols.put(shown, (byte) value);
        add(id, String.valueOf(shown));
        if (lastByteOffset > 0) {
            add(lastByteOffset + id, shown + endOfWord);
        }
    }

    private static boolean isPrintable(int b) {
        return b > ' ' && b <= '~' || b >= 0xa1 && b != 0xad;
    }

    private void addMerge(int id, int line, String text) {
        String[] parts = text.split(" ", -1);
        Integer left = parts.length == 2 ? ids.get(parts[0]) : null;
        Integer right = parts.length == 2 ? ids.get(parts[1]) : null;
        if (left == null || right == null) {
            throw new InvalidRequestException(
                    "merges",
                    "'" + text + "' in line " + line,
                    "two known tokens with a space between them, a line each");
        }
        merges.put(pair(left, right), id);
        add(id, parts[0] + parts[1]);
    }

    private void add(int id, String token) {
        tokens[id] = token;
        ids.put(token, id);
    }
}
