package dev.diffusion4j.tokenizer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Reads {@code (word)}, {@code (word:1.2)} and {@code [word]} as the native runtime does, down to its oddities, so that
 * a prompt weighs the same on both paths. What they mean is told in {@link ClipTokenizer#encodeWeighted}.
 */
final class PromptWeights {

    private static final float ROUND = 1.1f;
    private static final float SQUARE = 1 / ROUND;
    private static final String BREAK = "BREAK";
    private static final float BREAK_WEIGHT = -1;

    /** A piece of the prompt and what it weighs. */
    record Part(String text, float weight) {

        /** A new chunk starts here, and the text is not encoded. In brackets that weigh, BREAK is a word like any. */
        boolean isBreak() {
            return text.equals(BREAK) && weight == BREAK_WEIGHT;
        }
    }

    private final String prompt;

    /** Where words begin that are text whatever they are made of, and where each ends. */
    private final Map<Integer, AddedToken> words = new HashMap<>();

    private final List<AddedToken> wordsPassed = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();

    /** What each of {@link #texts} weighs; an array, because each closing bracket multiplies many. */
    private float[] weights = new float[16];

    /** For each open bracket, how many texts came before it. */
    private final Deque<Integer> round = new ArrayDeque<>();

    private final Deque<Integer> square = new ArrayDeque<>();
    private int position;

    private PromptWeights(String prompt, List<AddedToken> words) {
        this.prompt = prompt;
        words.forEach(word -> this.words.put(word.start(), word));
        while (position < prompt.length()) {
            next();
        }
    }

    /** The words that stand in the prompt as text, not within a weight or behind a backslash. */
    static List<AddedToken> words(String prompt, List<AddedToken> words) {
        return new PromptWeights(prompt, words).wordsPassed;
    }

    /**
     * The parts in order, neighbours of one weight joined; at least one.
     *
     * @param words of the prompt that are text, though they have brackets, colons or BREAK in them
     */
    static List<Part> parse(String prompt, List<AddedToken> words) {
        PromptWeights parser = new PromptWeights(prompt, words);
        // Brackets that stay open reach to the end; the outermost multiplies first.
        parser.round.descendingIterator().forEachRemaining(from -> parser.multiply(from, ROUND));
        parser.square.descendingIterator().forEachRemaining(from -> parser.multiply(from, SQUARE));
        return parser.joined();
    }

    private void next() {
        AddedToken word = words.get(position);
        if (word != null) {
            wordsPassed.add(word);
            text(word.end());
            return;
        }
        char c = prompt.charAt(position);
        switch (c) {
            case '\\' -> escape();
            case '(' -> {
                round.push(texts.size());
                position++;
            }
            case '[' -> {
                square.push(texts.size());
                position++;
            }
            case ')' -> close(round, ROUND);
            case ']' -> close(square, SQUARE);
            case ':' -> colon();
            case 'B' -> letterB();
            default -> text(endOfPlainText());
        }
    }

    /** Only the backslash before an opening round bracket goes; the others stay in the text, as in the runtime. */
    private void escape() {
        boolean escapes = position + 1 < prompt.length() && "()[]\\".indexOf(prompt.charAt(position + 1)) >= 0;
        if (escapes && prompt.charAt(position + 1) == '(') {
            position++;
            text(position + 1);
        } else {
            text(position + (escapes ? 2 : 1));
        }
    }

    private void close(Deque<Integer> open, float factor) {
        if (open.isEmpty()) {
            text(position + 1);
        } else {
            multiply(open.pop(), factor);
            position++;
        }
    }

    private void colon() {
        int start = position + 1;
        int end = start;
        if (end < prompt.length() && "+-".indexOf(prompt.charAt(end)) >= 0) {
            end++;
        }
        int digits = end;
        while (end < prompt.length() && (prompt.charAt(end) == '.' || isDigit(prompt.charAt(end)))) {
            end++;
        }
        if (end == digits || end == prompt.length() || prompt.charAt(end) != ')') {
            text(position + 1);
            return;
        }
        if (round.isEmpty()) {
            // The runtime drops a weight that no bracket waits for.
            position = end + 1;
            return;
        }
        OptionalDouble weight = number(prompt.substring(start, end));
        if (weight.isEmpty()) {
            text(position + 1);
        } else {
            multiply(round.pop(), (float) weight.getAsDouble());
            position = end + 1;
        }
    }

    /** Its longest beginning that is a number, as C reads it. None where C++ throws: no digit, too large, too small. */
    private static OptionalDouble number(String text) {
        int end = "+-".indexOf(text.charAt(0)) >= 0 ? 1 : 0;
        boolean point = false;
        boolean digit = false;
        boolean zero = true;
        for (; end < text.length() && (isDigit(text.charAt(end)) || !point); end++) {
            char c = text.charAt(end);
            point |= c == '.';
            digit |= c != '.';
            zero &= c == '.' || c == '0';
        }
        if (!digit) {
            return OptionalDouble.empty();
        }
        float value = Float.parseFloat(text.substring(0, end));
        boolean fits = zero || Math.abs(value) >= Float.MIN_NORMAL && Float.isFinite(value);
        return fits ? OptionalDouble.of(value) : OptionalDouble.empty();
    }

    /** The runtime matches each piece as if the text began there: "BREAK" counts after a letter, but not before one. */
    private void letterB() {
        int end = position + BREAK.length();
        boolean ends = end >= prompt.length() || !isWord(prompt.charAt(end)) || words.containsKey(end);
        if (prompt.startsWith(BREAK, position) && ends) {
            add(end, BREAK_WEIGHT);
        } else {
            text(position + 1);
        }
    }

    private int endOfPlainText() {
        int end = position + 1;
        while (end < prompt.length() && "\\()[]:B".indexOf(prompt.charAt(end)) < 0 && !words.containsKey(end)) {
            end++;
        }
        return end;
    }

    private void text(int end) {
        add(end, 1);
    }

    private void add(int end, float weight) {
        if (texts.size() == weights.length) {
            weights = Arrays.copyOf(weights, 2 * weights.length);
        }
        weights[texts.size()] = weight;
        texts.add(prompt.substring(position, end));
        position = end;
    }

    private void multiply(int from, float factor) {
        for (int i = from; i < texts.size(); i++) {
            weights[i] *= factor;
        }
    }

    private List<Part> joined() {
        if (texts.isEmpty()) {
            return List.of(new Part("", 1));
        }
        List<Part> joined = new ArrayList<>();
        int start = 0;
        while (start < texts.size()) {
            float weight = weights[start];
            StringBuilder text = new StringBuilder(texts.get(start));
            int end = start + 1;
            while (end < texts.size() && weights[end] == weight) {
                text.append(texts.get(end));
                end++;
            }
            joined.add(new Part(text.toString(), weight));
            start = end;
        }
        return joined;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isWord(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_';
    }
}
