package dev.diffusion4j.modelfile;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a tensor's numbers are stored. Quantised types store blocks: {@link #blockElements()} numbers in
 * {@link #blockBytes()} bytes; the others are blocks of one.
 */
public enum TensorType {
    /** 64-bit floating point. The runtime narrows it to 32 bits. */
    F64(28, 1, 8),
    /** 32-bit floating point. */
    F32(0, 1, 4),
    /** 16-bit floating point, IEEE half precision. */
    F16(1, 1, 2),
    /** 16-bit floating point with the exponent range of 32 bits. */
    BF16(30, 1, 2),
    /** 8-bit floating point, 4 exponent and 3 mantissa bits. The runtime widens it to 16 bits. */
    F8_E4M3(-1, 1, 1),
    /** 8-bit floating point, 5 exponent and 2 mantissa bits. The runtime widens it to 16 bits. */
    F8_E5M2(-1, 1, 1),
    /** 64-bit integer. */
    I64(27, 1, 8),
    /** 32-bit integer. */
    I32(26, 1, 4),
    /** 16-bit integer. */
    I16(25, 1, 2),
    /** 8-bit integer. */
    I8(24, 1, 1),
    /** 8-bit unsigned integer. The runtime skips tensors of this type. */
    U8(-1, 1, 1),
    /** 1 bit a weight, in blocks. */
    Q1_0(41, 128, 18),
    /** 4 bits a weight, in blocks with a scale. */
    Q4_0(2, 32, 18),
    /** 4 bits a weight, in blocks with a scale and an offset. */
    Q4_1(3, 32, 20),
    /** 5 bits a weight, in blocks with a scale. */
    Q5_0(6, 32, 22),
    /** 5 bits a weight, in blocks with a scale and an offset. */
    Q5_1(7, 32, 24),
    /** 8 bits a weight, in blocks with a scale. */
    Q8_0(8, 32, 34),
    /** 2 bits a weight, k-quants. */
    Q2_K(10, 256, 84),
    /** 3 bits a weight, k-quants. */
    Q3_K(11, 256, 110),
    /** 4 bits a weight, k-quants. */
    Q4_K(12, 256, 144),
    /** 5 bits a weight, k-quants. */
    Q5_K(13, 256, 176),
    /** 6 bits a weight, k-quants. */
    Q6_K(14, 256, 210),
    /** About 1.6 bits a weight, i-quants. */
    IQ1_S(19, 256, 50),
    /** About 1.8 bits a weight, i-quants. */
    IQ1_M(29, 256, 56),
    /** About 2.1 bits a weight, i-quants. */
    IQ2_XXS(16, 256, 66),
    /** About 2.3 bits a weight, i-quants. */
    IQ2_XS(17, 256, 74),
    /** About 2.6 bits a weight, i-quants. */
    IQ2_S(22, 256, 82),
    /** About 3.1 bits a weight, i-quants. */
    IQ3_XXS(18, 256, 98),
    /** About 3.4 bits a weight, i-quants. */
    IQ3_S(21, 256, 110),
    /** 4.5 bits a weight, i-quants in small blocks. */
    IQ4_NL(20, 32, 18),
    /** 4.25 bits a weight, i-quants. */
    IQ4_XS(23, 256, 136),
    /** Ternary weights, about 1.7 bits each. */
    TQ1_0(34, 256, 54),
    /** Ternary weights, about 2.1 bits each. */
    TQ2_0(35, 256, 66),
    /** Microscaling 4-bit floating point. */
    MXFP4(39, 32, 17),
    /** 4-bit floating point with 8-bit scales. */
    NVFP4(40, 64, 36);

    private final int ggmlId;
    private final int blockElements;
    private final int blockBytes;

    TensorType(int ggmlId, int blockElements, int blockBytes) {
        this.ggmlId = ggmlId;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** How many numbers one block holds; 1 for types that are not quantised. */
    public int blockElements() {
        return blockElements;
    }

    /** How many bytes one block takes. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether numbers are stored in blocks that share a scale. */
    public boolean isQuantized() {
        return blockElements > 1;
    }

    /** Whether this is one of the integer types. */
    public boolean isInteger() {
        return switch (this) {
            case I64, I32, I16, I8, U8 -> true;
            default -> false;
        };
    }

    /**
     * How many bytes that many numbers take.
     *
     * @param elements a number of elements, a multiple of {@link #blockElements()}
     * @throws ArithmeticException if the result does not fit a {@code long}
     */
    public long byteSize(long elements) {
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }

    /** How many bytes that many numbers take when the runtime has loaded them. */
    long loadedSize(long elements) {
        return switch (this) {
            case F64 -> F32.byteSize(elements);
            case F8_E4M3, F8_E5M2 -> F16.byteSize(elements);
            default -> byteSize(elements);
        };
    }

    /** The name as ggml and the runtime's logs spell it, such as {@code q4_K}. */
    public String displayName() {
        String name = name();
        if (name.endsWith("_K")) {
            return "q" + name.substring(1);
        }
        return name.toLowerCase(Locale.ROOT);
    }

    /** The number by which GGUF files and ggml know the type; empty for those that only other formats have. */
    public OptionalInt ggmlId() {
        return ggmlId < 0 ? OptionalInt.empty() : OptionalInt.of(ggmlId);
    }

    static Optional<TensorType> ofGgmlId(int id) {
        for (TensorType type : values()) {
            if (type.ggmlId == id && id >= 0) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
