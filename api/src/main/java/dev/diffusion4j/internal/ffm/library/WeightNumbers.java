package dev.diffusion4j.internal.ffm.library;

import dev.diffusion4j.bindings.D4j;
import java.lang.foreign.MemorySegment;

/** Weights as numbers and numbers as weights, by the runtime's own code. Any threads may use it at once. */
public final class WeightNumbers {

    private WeightNumbers() {}

    /**
     * Writes rows of float32 numbers as weights.
     *
     * @param ggmlType the number of the weights' type
     * @param weights as many bytes as the rows take in it
     * @throws dev.diffusion4j.error.NativeFailureException if a number is not finite, or larger than the type can hold
     */
    public static void quantize(int ggmlType, MemorySegment numbers, long rows, long rowLength, MemorySegment weights) {
        NativeStatus.check(
                D4j.d4j_quantize(ggmlType, numbers, rows, rowLength, weights, weights.byteSize()),
                "writing numbers as weights");
    }

    /**
     * Reads rows of weights as float32 numbers.
     *
     * @param ggmlType the number of the weights' type
     * @param weights as many bytes as the rows take in it
     */
    public static void dequantize(
            int ggmlType, MemorySegment weights, long rows, long rowLength, MemorySegment numbers) {
        NativeStatus.check(
                D4j.d4j_dequantize(ggmlType, weights, weights.byteSize(), rows, rowLength, numbers),
                "reading weights as numbers");
    }
}
