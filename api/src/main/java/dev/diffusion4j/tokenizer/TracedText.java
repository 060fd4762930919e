package dev.diffusion4j.tokenizer;

import java.util.Arrays;

/**
 * A text composed and in lower case as {@link ClipText#normalize} makes it, with blanks left as they are, that knows from
 * where in the text each of its characters came.
 */
final class TracedText {

    private final StringBuilder normalized;
    private int[] starts;
    private int[] ends;

    private TracedText(int length) {
        normalized = new StringBuilder(length);
        starts = new int[length];
        ends = new int[length];
    }

    static TracedText of(String text) {
        TracedText traced = new TracedText(text.length());
        int start = 0;
        while (start < text.length()) {
            int end = start + Character.charCount(text.codePointAt(start));
            while (end < text.length() && joinsWhatIsBefore(text.codePointAt(end))) {
                end += Character.charCount(text.codePointAt(end));
            }
            traced.add(text, start, end);
            start = end;
        }
        return traced;
    }

    String normalized() {
        return normalized.toString();
    }

    /** Where in the text the character at an index of {@link #normalized()} begins. */
    int start(int index) {
        return starts[index];
    }

    /** Where in the text it ends, excluded. */
    int end(int index) {
        return ends[index];
    }

    private void add(String text, int start, int end) {
        String piece = ReferenceUnicode.toLowerCase(ReferenceUnicode.compose(text.substring(start, end)));
        boolean alike = piece.length() == end - start;
        int from = normalized.length();
        normalized.append(piece);
        if (normalized.length() > starts.length) {
            starts = Arrays.copyOf(starts, 2 * normalized.length());
            ends = Arrays.copyOf(ends, 2 * normalized.length());
        }
        for (int i = 0; i < piece.length(); i++) {
            starts[from + i] = alike ? start + i : start;
            ends[from + i] = alike ? start + i + 1 : end;
        }
    }

    /** Marks, and the vowels and finals of Korean syllables: composing may make one character of them and those before. */
    private static boolean joinsWhatIsBefore(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
            default -> codePoint >= 0x1160 && codePoint <= 0x11ff;
        };
    }
}
