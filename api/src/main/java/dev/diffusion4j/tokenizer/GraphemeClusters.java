package dev.diffusion4j.tokenizer;

import java.util.Arrays;
import java.util.StringTokenizer;

/**
 * Characters that belong together, such as a letter and its accents (extended grapheme clusters, UAX 29), as the reference
 * cuts a text into them. Data: {@link GraphemeTables}. Korean syllables and pairs of letters that make a flag fall apart
 * here: {@link CharacterMap}, which alone uses this, treats these alike whole and in parts.
 */
final class GraphemeClusters {

    @FunctionalInterface
    interface Consumer {
        void accept(int start, int end);
    }

    private static final byte OTHER = 0;
    private static final byte CONTROL = 'c';
    private static final byte PREPENDED = 'p';
    private static final byte PICTOGRAPH = 'i';
    private static final byte CONSONANT = 'k';
    private static final byte LINKER = 'l';
    private static final byte EXTENDING = 'e';
    private static final byte SPACING_MARK = 's';
    private static final byte NON_JOINER = 'n';
    private static final byte JOINER = 'j';

    private static final byte[] CLASSES = classes();

    /** How far a text has come in a sequence of pictographs, or of consonants, that are joined. */
    private enum Sequence {
        NONE,
        BEGUN,
        JOINED
    }

    private Sequence pictographs = Sequence.NONE;
    private Sequence consonants = Sequence.NONE;

    private GraphemeClusters() {}

    static void forEach(String text, Consumer clusters) {
        GraphemeClusters state = new GraphemeClusters();
        int start = 0;
        byte before = CONTROL;
        boolean afterReturn = false;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            char c = text.charAt(i);
            byte current = classOf(text.codePointAt(i));
            boolean joined = afterReturn && c == '\n' || state.joins(before, current);
            if (!joined && i > start) {
                clusters.accept(start, i);
                start = i;
            }
            state.pass(current);
            before = current;
            afterReturn = c == '\r';
        }
        if (start < text.length()) {
            clusters.accept(start, text.length());
        }
    }

    private boolean joins(byte before, byte current) {
        if (before == CONTROL || current == CONTROL) {
            return false;
        }
        return before == PREPENDED
                || switch (current) {
                    case EXTENDING, LINKER, SPACING_MARK, NON_JOINER, JOINER -> true;
                    case PICTOGRAPH -> pictographs == Sequence.JOINED;
                    case CONSONANT -> consonants == Sequence.JOINED;
                    default -> false;
                };
    }

    private void pass(byte current) {
        pictographs = switch (current) {
            case PICTOGRAPH -> Sequence.BEGUN;
            case EXTENDING, LINKER, NON_JOINER -> pictographs == Sequence.BEGUN ? Sequence.BEGUN : Sequence.NONE;
            case JOINER -> pictographs == Sequence.BEGUN ? Sequence.JOINED : Sequence.NONE;
            default -> Sequence.NONE;
        };
        consonants = switch (current) {
            case CONSONANT -> Sequence.BEGUN;
            case LINKER -> consonants == Sequence.NONE ? Sequence.NONE : Sequence.JOINED;
            case EXTENDING, JOINER -> consonants;
            default -> Sequence.NONE;
        };
    }

    private static byte classOf(int codePoint) {
        return codePoint < CLASSES.length ? CLASSES[codePoint] : OTHER;
    }

    private static byte[] classes() {
        byte[] classes = new byte[Character.MAX_CODE_POINT + 1];
        StringTokenizer words = new StringTokenizer(GraphemeTables.CLASSES);
        int next = 0;
        while (words.hasMoreTokens()) {
            int first = next + Integer.parseInt(words.nextToken(), Character.MAX_RADIX);
            next = first + Integer.parseInt(words.nextToken(), Character.MAX_RADIX);
            Arrays.fill(classes, first, next, (byte) words.nextToken().charAt(0));
        }
        return classes;
    }
}
