package dev.diffusion4j.internal.convert;

import dev.diffusion4j.modelfile.TensorType;

/** 8-bit floating point (Micikevicius et al., "FP8 Formats for Deep Learning", 2022), of which each byte is looked up. */
final class Fp8 {

    private static final int VALUES = 256;

    private Fp8() {}

    /** The numbers that the bytes stand for, times a scale. */
    static float[] table(TensorType type, float scale) {
        float[] table = new float[VALUES];
        for (int bits = 0; bits < VALUES; bits++) {
            // E5M2 is the upper half of a half.
            float number = type == TensorType.F8_E5M2 ? Float.float16ToFloat((short) (bits << 8)) : e4m3(bits);
            table[bits] = number * scale;
        }
        return table;
    }

    /** Without infinities; all ones are not a number. */
    private static float e4m3(int bits) {
        int exponent = bits >> 3 & 0xf;
        int mantissa = bits & 7;
        float magnitude;
        if (exponent == 0xf && mantissa == 7) {
            magnitude = Float.NaN;
        } else if (exponent == 0) {
            magnitude = Math.scalb(mantissa, -9);
        } else {
            magnitude = Math.scalb(8f + mantissa, exponent - 10);
        }
        return bits < VALUES / 2 ? magnitude : -magnitude;
    }
}
