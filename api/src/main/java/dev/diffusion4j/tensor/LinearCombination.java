package dev.diffusion4j.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A weighted sum of tensors, {@code w0 * x0 + w1 * x1 + ...}, written into a destination: the one operation that every
 * scheduler's step is made of.
 *
 * <p>An object is made once and filled anew for each sum, so a loop over it allocates nothing. Products are summed in
 * double and rounded to float32 once. It may be used by one thread at a time.
 *
 * <pre>{@code
 * LinearCombination guidance = new LinearCombination(2);
 * guidance.clear().add(1 - scale, unconditional).add(scale, conditional).into(noise);
 * }</pre>
 */
public final class LinearCombination {

    /** Few enough doubles to stay in the first-level cache beside the floats that are read. */
    private static final int BLOCK = 1024;

    private final double[] weights;
    private final Tensor[] terms;
    private final double[] sums = new double[BLOCK];
    private int count;

    /**
     * @param capacity the most terms, 1 or above
     * @throws InvalidRequestException if it is below 1
     */
    public LinearCombination(int capacity) {
        if (capacity < 1) {
            throw new InvalidRequestException("capacity", capacity, "1 or above");
        }
        weights = new double[capacity];
        terms = new Tensor[capacity];
    }

    /** Forgets all terms. */
    public LinearCombination clear() {
        Arrays.fill(terms, 0, count, null);
        count = 0;
        return this;
    }

    /**
     * Adds a term. A weight of 0 drops the tensor from the sum, even where it holds NaN or infinity.
     *
     * @throws InvalidRequestException if there are more terms than the capacity
     */
    public LinearCombination add(double weight, Tensor term) {
        Objects.requireNonNull(term, "term");
        if (weight == 0) {
            return this;
        }
        if (count == terms.length) {
            throw new InvalidRequestException("terms", count + 1, "at most " + terms.length);
        }
        weights[count] = weight;
        terms[count++] = term;
        return this;
    }

    /**
     * Writes the sum; without terms, zeros. The destination may be one of the terms, but must not overlap one partly.
     *
     * @throws InvalidRequestException if a term's shape is not the destination's
     * @throws ClosedException if a tensor was closed
     */
    public void into(Tensor destination) {
        MemorySegment to = destination.live();
        for (int k = 0; k < count; k++) {
            destination.requireShape(terms[k]);
            terms[k].live();
        }
        long size = destination.size();
        for (long start = 0; start < size; start += BLOCK) {
            int length = (int) Math.min(BLOCK, size - start);
            Arrays.fill(sums, 0, length, 0);
            for (int k = 0; k < count; k++) {
                accumulate(weights[k], terms[k].live(), start, length);
            }
            for (int i = 0; i < length; i++) {
                to.setAtIndex(JAVA_FLOAT, start + i, (float) sums[i]);
            }
        }
    }

    private void accumulate(double weight, MemorySegment from, long start, int length) {
        for (int i = 0; i < length; i++) {
            sums[i] += weight * from.getAtIndex(JAVA_FLOAT, start + i);
        }
    }
}
