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
 * CLIP's byte-pair vocabulary: 256 bytes, the same as last byte of a word, one token for each merge, start and end.
 * Because tokens are numbered in the order of their merges, a merge's token id is its rank too.
 */
final class BytePairs {

    static final int SIZE = 49408;
    static final int START_OF_TEXT = SIZE - 2;
    static final int END_OF_TEXT = SIZE - 1;
    static final String END_OF_WORD = "</w>";

    private static final int BYTES = 256;
    private static final int MERGES = SIZE - 2 * BYTES - 2;
    private static final int NONE = -1;

    private final String[] tokens = new String[SIZE];
    private final Map<String, Integer> ids = HashMap.newHashMap(SIZE);
    private final Map<Long, Integer> merges = HashMap.newHashMap(MERGES);

    /** The byte's token id within a word; {@link #BYTES} more at its end. */
    private final int[] byteIds = new int[BYTES];

    /** The byte that a character of a token stands for, by character. */
    private final Map<Character, Byte> bytesOfSymbols = HashMap.newHashMap(BYTES);

    /** @param text a header line, then one merge a line: two tokens with a space between them */
    BytePairs(String text) {
        addBytes();
        List<String> lines = text.lines().toList();
        if (lines.size() != MERGES + 1) {
            throw new InvalidRequestException(
                    "merges", lines.size() + " lines", "CLIP's: a header line and " + MERGES + " merges");
        }
        for (int i = 1; i < lines.size(); i++) {
            addMerge(i + 1, lines.get(i));
        }
        add(START_OF_TEXT, ClipTokenizer.START_OF_TEXT_TOKEN);
        add(END_OF_TEXT, ClipTokenizer.END_OF_TEXT_TOKEN);
        if (ids.size() != SIZE) {
            throw new InvalidRequestException("merges", ids.size() + " different tokens", "CLIP's " + SIZE);
        }
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
            symbols[i] = byteIds[bytes[i] & 0xff] + (i == count - 1 ? BYTES : 0);
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

    private static long pair(int left, int right) {
        return (long) left << Integer.SIZE | right;
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
        add(BYTES + id, shown + END_OF_WORD);
    }

    private static boolean isPrintable(int b) {
        return b > ' ' && b <= '~' || b >= 0xa1 && b != 0xad;
    }

    private void addMerge(int line, String text) {
        String[] parts = text.split(" ", -1);
        Integer left = parts.length == 2 ? ids.get(parts[0]) : null;
        Integer right = parts.length == 2 ? ids.get(parts[1]) : null;
        if (left == null || right == null) {
            throw new InvalidRequestException(
                    "merges",
                    "'" + text + "' in line " + line,
                    "two known tokens with a space between them, a line each");
        }
        int id = 2 * BYTES + line - 2;
        merges.put(pair(left, right), id);
        add(id, parts[0] + parts[1]);
    }

    private void add(int id, String token) {
        tokens[id] = token;
        ids.put(token, id);
    }
}
