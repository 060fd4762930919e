package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.PickleValue.Atom;
import dev.diffusion4j.modelfile.PickleValue.Container;
import dev.diffusion4j.modelfile.PickleValue.Container.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Reads a pickle for the tensors it lists. Nothing in it is executed: calls that would build a tensor are noted, all others
 * leave an opaque value.
 *
 * <p>It follows the runtime's own reader opcode by opcode, including that values are copied where Python would share them,
 * so that both see the same tensors. What the runtime would refuse without a word, or drown in, is refused here; but
 * parameters, and dictionaries of parameters, are read beyond it, and the result says so.
 */
final class PickleReader {

    private static final int MAX_NAME_BYTES = 4 * Limits.MAX_NAME_LENGTH;
    private static final int MAX_LINE = 4_096;
    private static final int PROTO = 0x80;
    private static final String PARAMETER_DICTIONARY = "torch.nn.modules.container.ParameterDict";

    private final ByteSource source;
    private final Cursor cursor;
    private final List<PickleValue> stack = new ArrayList<>();
    private final Map<Integer, PickleValue> memo = new HashMap<>();
    private final Map<String, PickleValue.Storage> storages = new HashMap<>();
    private long work;
    private boolean hasObjects;

    private PickleReader(ByteSource source, Cursor cursor) {
        this.source = source;
        this.cursor = cursor;
    }

    /**
     * What a pickle is of.
     *
     * @param value what is left on top of the stack
     * @param storages every storage that it refers to, by key
     * @param hasObjects whether it makes an object, at which the runtime's reader gives up
     */
    record Result(PickleValue value, Map<String, PickleValue.Storage> storages, boolean hasObjects) {}

    /** Reads one pickle, up to and including its end. */
    static Result read(ByteSource source, Cursor cursor) {
        return new PickleReader(source, cursor).read();
    }

    private Result read() {
        int first = cursor.u8();
        int protocol = cursor.u8();
        if (first != PROTO || protocol < 2 || protocol > 5) {
            throw source.unsupported("its pickle is not of protocol 2 to 5");
        }
        while (true) {
            int opcode = cursor.u8();
            if (opcode == '.') {
                return new Result(pop(), storages, hasObjects);
            }
            charge(1);
            execute(opcode);
        }
    }

    private void execute(int opcode) {
        switch (opcode) {
            case '}' -> push(new Container(Kind.DICTIONARY));
            case ']', 0x8f -> push(new Container(Kind.LIST));
            case ')' -> push(new Container(Kind.TUPLE));
            case '(' -> push(Atom.MARK);
            case 'N', 0x88, 0x89 -> push(Atom.OPAQUE);
            case 'l', 0x91 -> push(sinceMark(Kind.LIST));
            case 't' -> push(sinceMark(Kind.TUPLE));
            case 0x85, 0x86, 0x87 -> push(top(opcode - 0x84));
            case 'K' -> push(new PickleValue.Int(cursor.u8()));
            case 'M' -> push(new PickleValue.Int(cursor.u16()));
            case 'J' -> push(new PickleValue.Int(cursor.i32()));
            case 'I', 'L' -> push(decimal(line()));
            case 0x8a -> push(longInteger());
            case 'F' -> {
                line();
                push(Atom.OPAQUE);
            }
            case 'G' -> {
                cursor.skip(8);
                push(Atom.OPAQUE);
            }
            case 'C', 'U', 0x8c -> push(text(cursor.u8()));
            case 'B', 'T', 'X' -> push(text(cursor.i32()));
            case 0x8d, 0x8e, 0x96 -> push(text(cursor.i64()));
            case 'S' -> push(new PickleValue.Text(unquoted(line())));
            case 'V' -> push(new PickleValue.Text(line()));
            case 'c' -> push(new PickleValue.Global(line() + "." + line()));
            case 0x93 -> stackGlobal();
            case 'h' -> get(cursor.u8());
            case 'j' -> get(cursor.i32());
            case 'q' -> put(cursor.u8());
            case 'r' -> put(cursor.i32());
            case 0x94 -> put(memo.size());
            case 0x95 -> cursor.skip(8);
            case '0' -> pop();
            case '1' -> sinceMark(Kind.TUPLE);
            case '2' -> push(copy(peek()));
            case 'Q' -> persistentId();
            case 'R' -> call();
            case 'b' -> build();
            case 0x81 -> newObject();
            case 'a' -> append();
            case 'e', 0x90 -> extend(Kind.LIST);
            case 's' -> setItem();
            case 'u' -> extend(Kind.DICTIONARY);
            default ->
                throw source.unsupported("its pickle uses opcode 0x" + Integer.toHexString(opcode)
                        + ", as objects other than tables of tensors do");
        }
    }

    private void push(PickleValue value) {
        if (value.depth() > Limits.MAX_PICKLE_DEPTH) {
            throw source.damaged("its pickle nests deeper than " + Limits.MAX_PICKLE_DEPTH);
        }
        stack.add(value);
    }

    private PickleValue pop() {
        return stack.remove(index(1));
    }

    private PickleValue peek() {
        return stack.get(index(1));
    }

    private int index(int fromTop) {
        if (stack.size() < fromTop) {
            throw broken();
        }
        return stack.size() - fromTop;
    }

    private ModelFileException broken() {
        return source.damaged("its pickle makes no sense at byte " + (cursor.position() - 1));
    }

    private void charge(long cost) {
        work += cost;
        if (work > Limits.MAX_PICKLE_WORK) {
            throw source.damaged("its pickle takes more than " + Limits.MAX_PICKLE_WORK + " steps");
        }
    }

    private PickleValue copy(PickleValue value) {
        charge(value.weight());
        return value instanceof Container container ? container.copy() : value;
    }

    private void get(int index) {
        PickleValue value = memo.get(index);
        if (value == null) {
            throw broken();
        }
        push(copy(value));
    }

    private void put(int index) {
        memo.put(index, copy(peek()));
    }

    private Container top(int count) {
        return take(index(count), Kind.TUPLE);
    }

    private Container sinceMark(Kind kind) {
        int mark = stack.lastIndexOf(Atom.MARK);
        if (mark < 0) {
            throw broken();
        }
        Container container = take(mark + 1, kind);
        pop();
        return container;
    }

    private Container take(int from, Kind kind) {
        Container container = new Container(kind);
        List<PickleValue> taken = stack.subList(from, stack.size());
        for (PickleValue value : taken) {
            charge(value.weight());
            container.add(value);
        }
        taken.clear();
        return container;
    }

    private Container container(Kind kind) {
        if (peek() instanceof Container container && container.kind() == kind) {
            return container;
        }
        throw broken();
    }

    private void append() {
        PickleValue value = pop();
        addTo(container(Kind.LIST), value);
    }

    private void setItem() {
        PickleValue value = pop();
        PickleValue key = pop();
        Container dictionary = container(Kind.DICTIONARY);
        addTo(dictionary, key);
        addTo(dictionary, value);
    }

    private void extend(Kind kind) {
        Container added = sinceMark(kind);
        Container container = container(kind);
        int count = added.items().size();
        // The runtime drops a key without a value.
        int taken = kind == Kind.DICTIONARY ? count - count % 2 : count;
        added.items().subList(0, taken).forEach(value -> addTo(container, value));
    }

    private void addTo(Container container, PickleValue value) {
        charge(value.weight());
        container.add(value);
        if (container.depth() > Limits.MAX_PICKLE_DEPTH) {
            throw source.damaged("its pickle nests deeper than " + Limits.MAX_PICKLE_DEPTH);
        }
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        for (int character = cursor.u8(); character != '\n'; character = cursor.u8()) {
            if (line.length() >= MAX_LINE) {
                throw source.damaged("its pickle has a line of more than " + MAX_LINE + " bytes");
            }
            line.append((char) character);
        }
        return line.toString();
    }

    private PickleValue decimal(String line) {
        String digits = line.endsWith("L") ? line.substring(0, line.length() - 1) : line;
        if (digits.equals("00") || digits.equals("01")) {
            return Atom.OPAQUE;
        }
        try {
            return new PickleValue.Int(Long.parseLong(digits));
        } catch (NumberFormatException e) {
            throw broken();
        }
    }

    private PickleValue longInteger() {
        int length = cursor.u8();
        if (length > Long.BYTES) {
            throw source.unsupported("its pickle has an integer of " + length + " bytes");
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (long) cursor.u8() << (8 * i);
        }
        return new PickleValue.Int(value);
    }

    private PickleValue text(long length) {
        if (length < 0 || length > MAX_NAME_BYTES) {
            cursor.skip(length);
            return new PickleValue.Blob();
        }
        return Text.utf8(cursor.bytes(length, MAX_NAME_BYTES, "a text"))
                .<PickleValue>map(PickleValue.Text::new)
                .orElse(new PickleValue.Blob());
    }

    private static String unquoted(String text) {
        boolean quoted = text.length() >= 2
                && (text.startsWith("'") || text.startsWith("\""))
                && text.charAt(text.length() - 1) == text.charAt(0);
        return quoted ? text.substring(1, text.length() - 1) : text;
    }

    private void stackGlobal() {
        if (pop() instanceof PickleValue.Text(String name) && pop() instanceof PickleValue.Text(String module)) {
            push(new PickleValue.Global(module + "." + name));
        } else {
            throw broken();
        }
    }

    /**
     * {@code ("storage", type, key, location, elements)}: how a pickle refers to numbers outside itself. Before PyTorch 1.6 also
     * {@code ("module", class, file, source)} in place of a class.
     */
    private void persistentId() {
        PickleValue reference = pop();
        if (reference instanceof Container module
                && module.kind() == Kind.TUPLE
                && module.items().size() == 4
                && module.items().get(0) instanceof PickleValue.Text(String kind)
                && kind.equals("module")
                && module.items().get(1) instanceof PickleValue.Global type) {
            hasObjects = true;
            push(type);
            return;
        }
        if (!(reference instanceof Container id)
                || id.kind() != Kind.TUPLE
                || id.items().size() < 5
                || !(id.items().get(0) instanceof PickleValue.Text(String what))
                || !what.equals("storage")
                || !(id.items().get(1) instanceof PickleValue.Global(String type))
                || !(id.items().get(4) instanceof PickleValue.Int(long elements))) {
            throw source.unsupported("its pickle refers to something else than a storage");
        }
        String key = switch (id.items().get(2)) {
            case PickleValue.Text(String text) -> text;
            case PickleValue.Int(long number) -> Long.toString(number);
            default -> "";
        };
        if (key.isEmpty() || elements < 0 || elements > Limits.MAX_STORAGE) {
            throw source.damaged(
                    "its pickle describes a storage of " + elements + " elements named " + Text.quoted(key));
        }
        PickleValue.Storage storage = new PickleValue.Storage(key, storageType(type), elements);
        PickleValue.Storage known = storages.putIfAbsent(key, storage);
        if (known != null && !known.equals(storage)) {
            throw source.damaged("its pickle describes storage " + Text.quoted(key) + " in two ways");
        }
        push(storage);
    }

    private TensorType storageType(String name) {
        return switch (name) {
            case "torch.FloatStorage" -> TensorType.F32;
            case "torch.DoubleStorage" -> TensorType.F64;
            case "torch.HalfStorage" -> TensorType.F16;
            case "torch.BFloat16Storage" -> TensorType.BF16;
            case "torch.IntStorage" -> TensorType.I32;
            case "torch.LongStorage" -> TensorType.I64;
            default ->
                throw source.unsupported(
                        "its pickle has a storage of type " + Text.quoted(name) + ", which the runtime cannot read");
        };
    }

    private void call() {
        PickleValue arguments = pop();
        PickleValue callable = pop();
        charge(arguments.weight());
        if (callable instanceof PickleValue.Global(String name)
                && arguments instanceof Container tuple
                && tuple.kind() == Kind.TUPLE) {
            push(result(name, tuple.items()));
        } else {
            push(Atom.OPAQUE);
        }
    }

    private void newObject() {
        PickleValue arguments = pop();
        if (!(pop() instanceof PickleValue.Global(String name)) || !(arguments instanceof Container)) {
            throw broken();
        }
        if (!name.equals(PARAMETER_DICTIONARY)) {
            throw source.unsupported("its pickle has an object of the class " + Text.quoted(name)
                    + "; only tables of tensors can be read");
        }
        hasObjects = true;
        push(new Container(Kind.OBJECT));
    }

    /** An object's fields; those of anything else are of no interest. */
    private void build() {
        PickleValue state = pop();
        if (peek() instanceof Container object
                && object.kind() == Kind.OBJECT
                && state instanceof Container fields
                && fields.kind() == Kind.DICTIONARY) {
            fields.items().forEach(value -> addTo(object, value));
        }
    }

    private PickleValue result(String function, List<PickleValue> arguments) {
        return switch (function) {
            case "collections.OrderedDict" -> arguments.isEmpty() ? new Container(Kind.DICTIONARY) : Atom.OPAQUE;
            case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> tensor(arguments);
            case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" ->
                parameter(arguments.stream());
            case "torch._tensor._rebuild_from_type_v2" -> parameter(rebuilt(arguments));
            default -> Atom.OPAQUE;
        };
    }

    /** What the function makes that is called for a class derived from tensors: itself, its class, its arguments. */
    private Stream<PickleValue> rebuilt(List<PickleValue> arguments) {
        return arguments.size() >= 3
                        && arguments.get(0) instanceof PickleValue.Global(String function)
                        && arguments.get(2) instanceof Container inner
                        && inner.kind() == Kind.TUPLE
                ? Stream.of(result(function, inner.items()))
                : Stream.empty();
    }

    private static PickleValue parameter(Stream<PickleValue> made) {
        return made.findFirst()
                .map(value -> value instanceof PickleValue.Tensor tensor ? new PickleValue.Parameter(tensor) : value)
                .orElse(Atom.OPAQUE);
    }

    private PickleValue tensor(List<PickleValue> arguments) {
        if (arguments.size() >= 4
                && arguments.get(0) instanceof PickleValue.Storage storage
                && arguments.get(1) instanceof PickleValue.Int(long offset)
                && arguments.get(2) instanceof Container shape
                && shape.kind() == Kind.TUPLE
                && arguments.get(3) instanceof Container strides
                && strides.kind() == Kind.TUPLE) {
            List<Long> dimensions = integers(shape);
            requireContiguous(dimensions, integers(strides));
            return new PickleValue.Tensor(storage, offset, dimensions);
        }
        return Atom.OPAQUE;
    }

    private List<Long> integers(Container tuple) {
        if (tuple.items().size() > Limits.MAX_DIMENSIONS) {
            throw source.damaged(
                    "a tensor has " + tuple.items().size() + " dimensions, more than " + Limits.MAX_DIMENSIONS);
        }
        List<Long> integers = new ArrayList<>();
        for (PickleValue item : tuple.items()) {
            if (!(item instanceof PickleValue.Int(long value)) || value < 0 || value > Limits.MAX_ELEMENTS) {
                throw source.damaged("a tensor's dimensions are not whole numbers up to " + Limits.MAX_ELEMENTS);
            }
            integers.add(value);
        }
        return integers;
    }

    private void requireContiguous(List<Long> shape, List<Long> strides) {
        if (shape.contains(0L)) {
            return;
        }
        List<Long> expected = new ArrayList<>();
        long stride = 1;
        for (long dimension : shape.reversed()) {
            expected.add(stride);
            // Too large a product is refused with the tensor; here it only must not overflow.
            stride = Math.min(stride, Limits.MAX_ELEMENTS) * dimension;
        }
        if (!strides.equals(expected.reversed())) {
            throw source.unsupported("a tensor of shape " + shape + " is not contiguous");
        }
    }
}
