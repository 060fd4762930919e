package dev.diffusion4j.scheduler;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Element-wise arithmetic with every operation rounded to float32, in the reference's order. Latents that carry noise
 * levels in the thousands lose so many digits to the next step that a rounding more or less would show. All tensors
 * have one shape; the destination may be an operand.
 */
final class Float32 {

    private Float32() {}

    /** {@code destination = from / divisor}. */
    static void divide(Tensor from, float divisor, Tensor destination) {
        MemorySegment x = from.segment();
        MemorySegment to = destination.segment();
        for (long i = 0, n = destination.size(); i < n; i++) {
            to.setAtIndex(JAVA_FLOAT, i, x.getAtIndex(JAVA_FLOAT, i) / divisor);
        }
    }

    /** {@code destination = from + term * factor}. */
    static void addProduct(Tensor from, Tensor term, float factor, Tensor destination) {
        MemorySegment x = from.segment();
        MemorySegment y = term.segment();
        MemorySegment to = destination.segment();
        for (long i = 0, n = destination.size(); i < n; i++) {
            to.setAtIndex(JAVA_FLOAT, i, x.getAtIndex(JAVA_FLOAT, i) + y.getAtIndex(JAVA_FLOAT, i) * factor);
        }
    }

    /** {@code destination = first * firstWeight + second * secondWeight}. */
    static void mix(Tensor first, float firstWeight, Tensor second, float secondWeight, Tensor destination) {
        MemorySegment x = first.segment();
        MemorySegment y = second.segment();
        MemorySegment to = destination.segment();
        for (long i = 0, n = destination.size(); i < n; i++) {
            to.setAtIndex(
                    JAVA_FLOAT,
                    i,
                    x.getAtIndex(JAVA_FLOAT, i) * firstWeight + y.getAtIndex(JAVA_FLOAT, i) * secondWeight);
        }
    }

    /**
     * The direction of latents x away from their estimate of x0, per noise level:
     * {@code destination = (x - (x / divisor + output * factor)) / sigma}.
     */
    static void direction(Tensor latents, float divisor, Tensor output, float factor, float sigma, Tensor destination) {
        MemorySegment x = latents.segment();
        MemorySegment y = output.segment();
        MemorySegment to = destination.segment();
        for (long i = 0, n = destination.size(); i < n; i++) {
            float value = x.getAtIndex(JAVA_FLOAT, i);
            float original = value / divisor + y.getAtIndex(JAVA_FLOAT, i) * factor;
            to.setAtIndex(JAVA_FLOAT, i, (value - original) / sigma);
        }
    }
}
