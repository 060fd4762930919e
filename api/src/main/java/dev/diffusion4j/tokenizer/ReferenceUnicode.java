package dev.diffusion4j.tokenizer;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.StringTokenizer;

/** Unicode as the reference tokenizer sees it, whatever Unicode version the JDK has. Data: {@link UnicodeTables}. */
final class ReferenceUnicode {

    private static final BitSet LETTERS = set(UnicodeTables.LETTERS);
    private static final BitSet NUMBERS = set(UnicodeTables.NUMBERS);
    private static final BitSet WHITE_SPACE = set(UnicodeTables.WHITE_SPACE);
    private static final BitSet COMPOSING = set(UnicodeTables.COMPOSING);
    private static final Map<Integer, Integer> LOWER_CASE = lowerCase();
    private static final byte[] COMBINING_CLASSES = combiningClasses();

    private static final int CAPITAL_I_WITH_DOT = 0x130;
    private static final int FIRST_THAT_NFC_CHANGES = 0x300;

    private ReferenceUnicode() {}

    /** Half of a surrogate pair has no UTF-8; the replacement character stands for it. */
    static String replaceLoneSurrogates(String text) {
        if (text.codePoints().noneMatch(ReferenceUnicode::isSurrogate)) {
            return text;
        }
        StringBuilder replaced = new StringBuilder(text.length());
        text.codePoints().forEach(c -> replaced.appendCodePoint(isSurrogate(c) ? 0xfffd : c));
        return replaced.toString();
    }

    private static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    static boolean isLetter(int codePoint) {
        return LETTERS.get(codePoint);
    }

    static boolean isNumber(int codePoint) {
        return NUMBERS.get(codePoint);
    }

    static boolean isWhiteSpace(int codePoint) {
        return WHITE_SPACE.get(codePoint);
    }

    /** Code point by code point, without regard to neighbours or language: no final sigma, no Turkish. */
    static String toLowerCase(String text) {
        StringBuilder lower = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == CAPITAL_I_WITH_DOT) {
                lower.append("i\u0307");
            } else if (c < 0x80) {
                lower.append((char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
            } else {
                lower.appendCodePoint(LOWER_CASE.getOrDefault(c, c));
            }
        });
        return lower.toString();
    }

    /**
     * Composes as the reference does. What it does not know as composing (marks that are younger than its tables)
     * stands as a wall between what comes before and after, where the JDK would move or join it; what it does know, all
     * later Unicode versions treat alike, as Unicode promises.
     */
    static String compose(String text) {
        if (text.chars().allMatch(c -> c < FIRST_THAT_NFC_CHANGES)) {
            return text;
        }
        StringBuilder composed = new StringBuilder(text.length());
        int start = 0;
        while (start < text.length()) {
            boolean composing = COMPOSING.get(text.codePointAt(start));
            int end = start;
            while (end < text.length() && COMPOSING.get(text.codePointAt(end)) == composing) {
                end += Character.charCount(text.codePointAt(end));
            }
            String run = text.substring(start, end);
            composed.append(composing ? Normalizer.normalize(sortMarks(run), Normalizer.Form.NFC) : run);
            start = end;
        }
        return composed.toString();
    }

    /** Brings marks in a row into their canonical order, for which the JDK's own way is quadratic. */
    private static String sortMarks(String run) {
        int[] points = run.codePoints().toArray();
        int start = 0;
        while (start < points.length) {
            int end = start;
            while (end < points.length && combiningClass(points[end]) != 0) {
                end++;
            }
            if (end - start > 1) {
                int[] sorted = Arrays.stream(points, start, end)
                        .boxed()
                        .sorted(Comparator.comparingInt(ReferenceUnicode::combiningClass))
                        .mapToInt(Integer::intValue)
                        .toArray();
                System.arraycopy(sorted, 0, points, start, sorted.length);
            }
            start = end + 1;
        }
        return new String(points, 0, points.length);
    }

    private static int combiningClass(int codePoint) {
        return codePoint < COMBINING_CLASSES.length ? COMBINING_CLASSES[codePoint] & 0xff : 0;
    }

    private static BitSet set(String gapsAndLengths) {
        BitSet points = new BitSet();
        StringTokenizer words = new StringTokenizer(gapsAndLengths);
        int next = 0;
        while (words.hasMoreTokens()) {
            int first = next + number(words);
            next = first + number(words);
            points.set(first, next);
        }
        return points;
    }

    private static byte[] combiningClasses() {
        byte[] classes = new byte[COMPOSING.length()];
        StringTokenizer words = new StringTokenizer(UnicodeTables.COMBINING);
        int next = 0;
        while (words.hasMoreTokens()) {
            int first = next + number(words);
            next = first + number(words);
            Arrays.fill(classes, first, next, (byte) number(words));
        }
        return classes;
    }

    private static Map<Integer, Integer> lowerCase() {
        Map<Integer, Integer> pairs = new HashMap<>();
        StringTokenizer words = new StringTokenizer(UnicodeTables.LOWER_CASE);
        int last = 0;
        while (words.hasMoreTokens()) {
            int upper = last + number(words);
            int count = number(words);
            int step = number(words);
            int distance = number(words);
            for (int i = 0; i < count; i++) {
                last = upper + i * step;
                pairs.put(last, last + distance);
            }
        }
        return pairs;
    }

    private static int number(StringTokenizer words) {
        return Integer.parseInt(words.nextToken(), Character.MAX_RADIX);
    }
}
