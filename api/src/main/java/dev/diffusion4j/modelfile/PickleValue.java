package dev.diffusion4j.modelfile;

import java.util.ArrayList;
import java.util.List;

/** What a pickle's opcodes leave on the stack, as far as tables of tensors need it. */
sealed interface PickleValue {

    /** How many values it is made of: what the runtime copies where Python shares. */
    default long weight() {
        return 1;
    }

    /** How deep containers nest in it. */
    default int depth() {
        return 0;
    }

    /** Values without content. */
    enum Atom implements PickleValue {
        /** Where an open tuple, list or dictionary begins. */
        MARK,
        /** Anything that is not built: floats, booleans, objects. */
        OPAQUE
    }

    record Int(long value) implements PickleValue {}

    /** Text that may be a tensor's name. */
    record Text(String value) implements PickleValue {}

    /** Bytes, or text that is too long or not clean enough for a name. */
    record Blob() implements PickleValue {}

    /** The name of a Python function or class. It is compared, never resolved. */
    record Global(String name) implements PickleValue {}

    /** A stretch of numbers that tensors are views of. */
    record Storage(String key, TensorType type, long elements) implements PickleValue {}

    /**
     * A tensor.
     *
     * @param offset its first element within the storage
     */
    record Tensor(Storage storage, long offset, List<Long> shape) implements PickleValue {}

    /** A tensor as a parameter of a PyTorch module, which the runtime's own reader passes over. */
    record Parameter(Tensor tensor) implements PickleValue {}

    /** A tuple, list, dictionary or object; a dictionary's items are keys and values in turn, and so are an object's. */
    final class Container implements PickleValue {

        enum Kind {
            TUPLE,
            LIST,
            DICTIONARY,
            OBJECT
        }

        private final Kind kind;
        private final List<PickleValue> items;
        private long weight = 1;
        private int depth = 1;

        Container(Kind kind) {
            this.kind = kind;
            this.items = new ArrayList<>();
        }

        private Container(Container other) {
            this.kind = other.kind;
            this.items = new ArrayList<>(other.items);
            this.weight = other.weight;
            this.depth = other.depth;
        }

        Kind kind() {
            return kind;
        }

        List<PickleValue> items() {
            return items;
        }

        void add(PickleValue value) {
            items.add(value);
            weight += value.weight();
            depth = Math.max(depth, value.depth() + 1);
        }

        Container copy() {
            return new Container(this);
        }

        @Override
        public long weight() {
            return weight;
        }

        @Override
        public int depth() {
            return depth;
        }
    }
}
