package dev.diffusion4j.modelfile;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes pickles opcode by opcode, right or wrong. */
public final class Pickle {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public Pickle() {
        raw(0x80, 2);
    }

    Pickle raw(int... values) {
        for (int value : values) {
            bytes.write(value);
        }
        return this;
    }

    Pickle op(char opcode) {
        return raw(opcode);
    }

    public Pickle text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        op('X').bytes.writeBytes(Gguf.little(4, utf8.length));
        bytes.writeBytes(utf8);
        return this;
    }

    Pickle integer(long value) {
        raw(0x8a, 8).bytes.writeBytes(Gguf.little(8, value));
        return this;
    }

    Pickle global(String module, String name) {
        op('c').bytes.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    Pickle storage(String type, String key, long elements) {
        return op('(').text("storage")
                .global("torch", type)
                .text(key)
                .text("cpu")
                .integer(elements)
                .op('t')
                .op('Q');
    }

    /** A float tensor that is all of its storage. */
    Pickle tensor(String key, long... shape) {
        return tensor("FloatStorage", key, elements(shape), 0, shape);
    }

    private static long elements(long... shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    public Pickle tensor(String type, String key, long elements, long offset, long... shape) {
        global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage(type, key, elements)
                .integer(offset);
        tuple(shape);
        tuple(strides(shape));
        return raw(0x89).op(')').op('t').op('R');
    }

    /** A tensor in a torch.nn.Parameter, as pickles have had it since PyTorch 0.4. */
    public Pickle parameter(String type, String key, long... shape) {
        global("torch._utils", "_rebuild_parameter").op('(');
        tensor(type, key, elements(shape), 0, shape);
        return raw(0x88).orderedDictionary().op('t').op('R');
    }

    /** The same with attributes of its own. */
    Pickle parameterWithState(String type, String key, long... shape) {
        global("torch._utils", "_rebuild_parameter_with_state").op('(');
        tensor(type, key, elements(shape), 0, shape);
        return raw(0x88).orderedDictionary().op('}').op('t').op('R');
    }

    /** A tensor of a class derived from torch.Tensor. */
    Pickle derived(String className, String type, String key, long... shape) {
        global("torch._tensor", "_rebuild_from_type_v2")
                .op('(')
                .global("torch._utils", "_rebuild_tensor_v2")
                .global("some.module", className)
                .op('(')
                .storage(type, key, elements(shape))
                .integer(0);
        tuple(shape);
        tuple(strides(shape));
        return raw(0x89).op(')').op('t').op('}').op('t').op('R');
    }

    /** Begins a torch.nn.ParameterDict, whose parameters follow as a dictionary's items do. */
    public Pickle parameterDictionary() {
        return object("torch.nn.modules.container", "ParameterDict")
                .dictionary()
                .text("training")
                .raw(0x88)
                .text("_parameters")
                .dictionary();
    }

    /** Ends it. */
    public Pickle endParameterDictionary() {
        return endDictionary().endDictionary().op('b');
    }

    /** An object of a class, without fields. */
    Pickle object(String module, String className) {
        return global(module, className).op(')').raw(0x81);
    }

    private Pickle orderedDictionary() {
        return global("collections", "OrderedDict").op(')').op('R');
    }

    Pickle tuple(long... values) {
        op('(');
        for (long value : values) {
            integer(value);
        }
        return op('t');
    }

    public Pickle dictionary() {
        return op('}').op('(');
    }

    /** Fills the dictionary begun last. */
    public Pickle endDictionary() {
        return op('u');
    }

    public byte[] end() {
        op('.');
        return bytes.toByteArray();
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
