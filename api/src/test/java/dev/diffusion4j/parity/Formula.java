package dev.diffusion4j.parity;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The numbers that weights and inputs of the parity tests consist of, bit for bit those of
 * {@code tools/parity/components.py}: SplitMix64, seeded by FNV-1a of a name, makes uniform values around a centre, which
 * are rounded to what f16 can hold.
 */
record Formula(long seed, float centre, float scale) {

    /** @param scale half the width of the range, divided by 2<sup>23</sup> */
    static Formula of(String name, float centre, float scale) {
        long seed = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            seed = (seed ^ Byte.toUnsignedInt(b)) * 0x100000001B3L;
        }
        return new Formula(seed, centre, scale);
    }

    /** A tensor of mean 0, named after what it is for and its shape. */
    static Tensor input(String kind, double deviation, Shape shape) {
        String dimensions =
                LongStream.of(shape.toArray()).mapToObj(Long::toString).collect(Collectors.joining("x"));
        float[] values = new float[Math.toIntExact(shape.size())];
        Formula.of(kind + " " + dimensions, 0, (float) (deviation * Math.sqrt(3) / (1 << 23)))
                .fill(0, values, values.length);
        return Tensor.of(values, shape);
    }

    /** Computes {@code count} values, from index {@code first} on, into the beginning of the array. */
    void fill(long first, float[] values, int count) {
        for (int i = 0; i < count; i++) {
            long x = seed + (first + i + 1) * 0x9E3779B97F4A7C15L;
            x = (x ^ x >>> 30) * 0xBF58476D1CE4E5B9L;
            x = (x ^ x >>> 27) * 0x94D049BB133111EBL;
            x ^= x >>> 31;
            int step = (int) (x >>> 40) - (1 << 23);
            values[i] = Float.float16ToFloat(Float.floatToFloat16(step * scale + centre));
        }
    }
}
