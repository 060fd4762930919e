package dev.diffusion4j.tokenizer;

import java.util.function.Consumer;

/** The steps before byte pairs: what the reference does to a text, and where it cuts it into words. */
final class ClipText {

    private static final String[] CONTRACTIONS = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    private static final String END_WITHOUT_BRACKETS = "endoftext";

    private ClipText() {}

    /** Composes, makes each run of white space one space, and lower-cases, in the reference's order. */
    static String normalize(String text) {
        return ReferenceUnicode.toLowerCase(joinSpaces(ReferenceUnicode.compose(text)));
    }

    private static String joinSpaces(String text) {
        StringBuilder joined = new StringBuilder(text.length());
        boolean inSpace = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean space = ReferenceUnicode.isWhiteSpace(c);
            if (!space) {
                joined.append(c);
            } else if (!inSpace) {
                joined.append(' ');
            }
            inSpace = space;
        }
        return joined.toString();
    }

    /** Cuts a normalised text into words: contractions, runs of letters, single numbers, runs of anything else. */
    static void forEachWord(String text, Consumer<String> words) {
        int start = 0;
        while (start < text.length()) {
            int first = text.codePointAt(start);
            if (ReferenceUnicode.isWhiteSpace(first)) {
                start += Character.charCount(first);
            } else if (text.startsWith(ClipTokenizer.END_OF_TEXT_TOKEN, start)) {
                // Only a text that was not lower case before gets here; the reference keeps it together and cuts it
                // later.
                words.accept("<|");
                words.accept(END_WITHOUT_BRACKETS);
                words.accept("|>");
                start += ClipTokenizer.END_OF_TEXT_TOKEN.length();
            } else {
                int end = endOfWord(text, start, first);
                words.accept(text.substring(start, end));
                start = end;
            }
        }
    }

    private static int endOfWord(String text, int start, int first) {
        for (String contraction : CONTRACTIONS) {
            if (text.startsWith(contraction, start)) {
                return start + contraction.length();
            }
        }
        int end = start + Character.charCount(first);
        if (ReferenceUnicode.isNumber(first)) {
            return end;
        }
        boolean letters = ReferenceUnicode.isLetter(first);
        while (end < text.length()) {
            int c = text.codePointAt(end);
            if (letters ? !ReferenceUnicode.isLetter(c) : !isOther(c)) {
                break;
            }
            end += Character.charCount(c);
        }
        return end;
    }

    private static boolean isOther(int c) {
        return !ReferenceUnicode.isWhiteSpace(c) && !ReferenceUnicode.isLetter(c) && !ReferenceUnicode.isNumber(c);
    }

    /** Without blanks at both ends, by Python's idea of blanks, which has four control characters more. */
    static String strip(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && isPythonSpace(text.charAt(start))) {
            start++;
        }
        while (end > start && isPythonSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }

    private static boolean isPythonSpace(char c) {
        return c >= 0x1c && c <= 0x1f || ReferenceUnicode.isWhiteSpace(c);
    }
}
