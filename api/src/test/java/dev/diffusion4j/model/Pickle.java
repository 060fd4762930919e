package dev.diffusion4j.model;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

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
        long elements = 1;
        for (long dimension : shape) {
            elements *= dimension;
        }
        return tensor("FloatStorage", key, elements, 0, shape);
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
