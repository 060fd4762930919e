package dev.diffusion4j.tensor;

import dev.diffusion4j.error.TensorFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code .npy} header says: the literal of a Python dictionary with the keys {@code descr},
 * {@code fortran_order} and {@code shape}, each exactly once, in any order.
 *
 * @param shape the array's dimensions
 * @param elementSize 4 for float32, 8 for float64
 */
record NpyHeader(Shape shape, int elementSize) {

    private static final Set<String> KEYS = Set.of("descr", "fortran_order", "shape");

    /**
     * @throws dev.diffusion4j.error.DiffusionException if the text is not such a dictionary, or describes an array that is
     *     not read here; the message does not name the file
     */
    static NpyHeader parse(String text) {
        Map<String, Object> entries = new Parser(text).dictionary();
        if (!entries.keySet().equals(KEYS)) {
            throw new TensorFileException("the header has the keys "
                    + entries.keySet().stream().sorted().toList() + ", not descr, fortran_order and shape");
        }
        int elementSize = elementSize(entries.get("descr"));
        if (!Boolean.FALSE.equals(entries.get("fortran_order"))) {
            throw new TensorFileException("the array is not in C order; save numpy.ascontiguousarray(array)");
        }
        if (!(entries.get("shape") instanceof long[] dimensions)) {
            throw new TensorFileException("the header's shape is not a tuple of numbers");
        }
        return new NpyHeader(Shape.of(dimensions), elementSize);
    }

    private static int elementSize(@Nullable Object type) {
        if ("<f4".equals(type)) {
            return Float.BYTES;
        }
        if ("<f8".equals(type)) {
            return Double.BYTES;
        }
        throw new TensorFileException(
                "elements of type " + type + " are not read, only <f4 (float32) and <f8 (float64)");
    }

    /** Reads the few kinds of Python literals that headers are made of, without recursion. */
    private static final class Parser {

        private final String text;
        private int position;

        Parser(String text) {
            this.text = text;
        }

        Map<String, Object> dictionary() {
            Map<String, Object> entries = new HashMap<>();
            expect('{');
            while (peek() != '}') {
                String key = string();
                expect(':');
                if (entries.put(key, value()) != null) {
                    throw malformed();
                }
                if (peek() != '}') {
                    expect(',');
                }
            }
            expect('}');
            if (!text.substring(position).isBlank()) {
                throw malformed();
            }
            return entries;
        }

        private Object value() {
            return switch (peek()) {
                case '\'', '"' -> string();
                case '(' -> tuple();
                case 'T' -> word("True", true);
                case 'F' -> word("False", false);
                case '[' -> throw new TensorFileException("arrays of records are not read");
                default -> throw malformed();
            };
        }

        private Boolean word(String word, boolean value) {
            if (!text.startsWith(word, position)) {
                throw malformed();
            }
            position += word.length();
            return value;
        }

        private String string() {
            char quote = peek();
            if (quote != '\'' && quote != '"') {
                throw malformed();
            }
            int end = text.indexOf(quote, position + 1);
            if (end < 0) {
                throw malformed();
            }
            String value = text.substring(position + 1, end);
            position = end + 1;
            return value;
        }

        private long[] tuple() {
            List<Long> values = new ArrayList<>();
            expect('(');
            while (peek() != ')') {
                values.add(number());
                if (peek() != ')') {
                    expect(',');
                } else if (values.size() == 1) {
                    // "(3)" is a number in brackets, which NumPy does not write for a shape.
                    throw malformed();
                }
            }
            expect(')');
            return values.stream().mapToLong(Long::longValue).toArray();
        }

        private long number() {
            peek();
            int start = position;
            while (position < text.length() && text.charAt(position) >= '0' && text.charAt(position) <= '9') {
                position++;
            }
            try {
                return Long.parseLong(text.substring(start, position));
            } catch (NumberFormatException e) {
                throw malformed();
            }
        }

        private void expect(char wanted) {
            if (peek() != wanted) {
                throw malformed();
            }
            position++;
        }

        /** The next character that is not white space. */
        private char peek() {
            while (position < text.length() && Character.isWhitespace(text.charAt(position))) {
                position++;
            }
            if (position == text.length()) {
                throw malformed();
            }
            return text.charAt(position);
        }

        private TensorFileException malformed() {
            return new TensorFileException("the header is malformed at character " + position);
        }
    }
}
