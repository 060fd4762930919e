package dev.diffusion4j.mutants;

import dev.diffusion4j.modelfile.TensorType;

/** The pickle of a dictionary of tensors, as torch.save writes it. */
final class PickleLayout {

    private PickleLayout() {}

    static Structure begin() {
        return new Structure().u8("protocol opcode", 0x80).u8("protocol", 2);
    }

    static Structure describe(Draft draft) {
        Structure pickle = begin().u8("dictionary", '}').u8("mark", '(');
        for (Weight weight : draft.weights) {
            addTensor(pickle, weight);
        }
        return pickle.u8("set items", 'u').u8("end", '.');
    }

    private static void addTensor(Structure pickle, Weight weight) {
        pickle.u8("text", 'X').u32("name length", weight.name.length).raw("name", weight.name);
        global(pickle, "torch._utils", "_rebuild_tensor_v2");
        pickle.u8("mark", '(').u8("mark", '(');
        text(pickle, "word", "storage");
        global(pickle, "torch", weight.strangeType == null ? storageType(weight.type) : weight.strangeType);
        text(pickle, "storage key", key(weight.storage));
        text(pickle, "device", "cpu");
        integer(pickle, "storage length", weight.length / weight.type.blockBytes());
        pickle.u8("tuple", 't').u8("persistent id", 'Q');
        integer(pickle, "storage offset", weight.offset / weight.type.blockBytes());
        tuple(pickle, "dimension", weight.shape);
        tuple(pickle, "stride", strides(weight.shape));
        pickle.u8("requires gradient", 0x89).u8("hooks", ')').u8("tuple", 't').u8("call", 'R');
    }

    /** Six digits: legacy files have the storages in the order of their keys as text. */
    static String key(int storage) {
        return "%06d".formatted(storage);
    }

    private static String storageType(TensorType type) {
        return switch (type) {
            case F64 -> "DoubleStorage";
            case F32 -> "FloatStorage";
            case F16 -> "HalfStorage";
            case BF16 -> "BFloat16Storage";
            case I64 -> "LongStorage";
            case I32 -> "IntStorage";
            case U8 -> "ByteStorage";
            default -> type.name();
        };
    }

    static Structure text(Structure pickle, String label, String text) {
        return pickle.u8("text", 'X').u32(label + " length", text.length()).text(label, text);
    }

    static Structure integer(Structure pickle, String label, long value) {
        return pickle.u8("integer", 0x8a).u8("integer length", 8).i64(label, value);
    }

    private static void global(Structure pickle, String module, String name) {
        pickle.u8("global", 'c').text("module", module).text("line end", "\n").text("global name", name);
        pickle.text("line end", "\n");
    }

    private static void tuple(Structure pickle, String label, long... values) {
        pickle.u8("mark", '(');
        for (long value : values) {
            integer(pickle, label, value);
        }
        pickle.u8("tuple", 't');
    }

    private static long[] strides(long... shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= shape[i];
        }
        return strides;
    }
}
