package dev.diffusion4j.tokenizer;

import java.util.function.Consumer;

/**
 * Where Qwen cuts a text into words, by the expression of its {@code tokenizer.json}:
 *
 * <pre>{@code
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * }</pre>
 *
 * <p>By hand, as the JDK's letters and numbers are not the reference's, and its engine recurses.
 */
final class QwenText {

    private static final String[] CONTRACTIONS = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

    /** What upper and lower case have in common with s, beside S. */
    private static final char LONG_S = '\u017f';

    private final String text;

    private QwenText(String text) {
        this.text = text;
    }

    /** The words of a composed text, in order; together they are the text. */
    static void forEachWord(String text, Consumer<String> words) {
        QwenText cut = new QwenText(text);
        int start = 0;
        while (start < text.length()) {
            int end = cut.endOfWord(start);
            words.accept(text.substring(start, end));
            start = end;
        }
    }

    private int endOfWord(int start) {
        int contraction = endOfContraction(start);
        if (contraction > start) {
            return contraction;
        }
        int second = start + Character.charCount(text.codePointAt(start));
        if (isLetter(start) || isPrefix(start) && isLetter(second)) {
            return endOfLetters(second);
        }
        if (isNumber(start)) {
            return second;
        }
        int other = text.charAt(start) == ' ' ? second : start;
        return isOther(other) ? endOfOthers(other) : endOfSpaces(start);
    }

    private int endOfContraction(int start) {
        if (start + 1 < text.length() && text.charAt(start) == '\'' && text.charAt(start + 1) == LONG_S) {
            return start + 2;
        }
        for (String contraction : CONTRACTIONS) {
            if (matchesInAsciiCase(contraction, start)) {
                return start + contraction.length();
            }
        }
        return start;
    }

    private boolean matchesInAsciiCase(String contraction, int start) {
        if (start + contraction.length() > text.length()) {
            return false;
        }
        for (int i = 0; i < contraction.length(); i++) {
            char c = text.charAt(start + i);
            if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != contraction.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private int endOfLetters(int start) {
        int end = start;
        while (isLetter(end)) {
            end += Character.charCount(text.codePointAt(end));
        }
        return end;
    }

    private int endOfOthers(int start) {
        int end = start;
        while (isOther(end)) {
            end += Character.charCount(text.codePointAt(end));
        }
        while (isLineEnd(end)) {
            end++;
        }
        return end;
    }

    /** To the last line end among them, else to the last of them, which belongs to what follows if something does. */
    private int endOfSpaces(int start) {
        int end = start;
        int afterLineEnd = start;
        while (end < text.length() && ReferenceUnicode.isWhiteSpace(text.charAt(end))) {
            end++;
            if (isLineEnd(end - 1)) {
                afterLineEnd = end;
            }
        }
        if (afterLineEnd > start) {
            return afterLineEnd;
        }
        return end < text.length() && end - start > 1 ? end - 1 : end;
    }

    private boolean isLetter(int index) {
        return index < text.length() && ReferenceUnicode.isLetter(text.codePointAt(index));
    }

    private boolean isNumber(int index) {
        return index < text.length() && ReferenceUnicode.isNumber(text.codePointAt(index));
    }

    private boolean isPrefix(int index) {
        return !isLineEnd(index) && !isNumber(index);
    }

    private boolean isOther(int index) {
        return index < text.length()
                && !isLetter(index)
                && !isNumber(index)
                && !ReferenceUnicode.isWhiteSpace(text.codePointAt(index));
    }

    private boolean isLineEnd(int index) {
        return index < text.length() && (text.charAt(index) == '\n' || text.charAt(index) == '\r');
    }
}
