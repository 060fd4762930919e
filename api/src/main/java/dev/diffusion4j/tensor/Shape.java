package dev.diffusion4j.tensor;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A tensor's dimensions, outermost first, such as {@code 1 x 4 x 64 x 64} for the latents of one 512x512 picture.
 * Immutable and checked: at most {@value #MAX_RANK} dimensions, each 1 or above, and a size in bytes that fits a
 * {@code long}. No dimensions at all is a scalar of one element.
 */
public final class Shape {

    /** The most dimensions. */
    public static final int MAX_RANK = 8;

    private static final long MAX_SIZE = Long.MAX_VALUE / Float.BYTES;

    private final long[] dimensions;
    private final long size;

    private Shape(long[] dimensions, long size) {
        this.dimensions = dimensions;
        this.size = size;
    }

    /**
     * @param dimensions the dimensions, outermost first
     * @throws InvalidRequestException if there are more than {@value #MAX_RANK}, one is below 1, or their product is
     *     too large
     */
    public static Shape of(long... dimensions) {
        if (dimensions.length > MAX_RANK) {
            throw new InvalidRequestException(
                    "shape", dimensions.length + " dimensions", "at most " + MAX_RANK + " dimensions");
        }
        long[] copy = dimensions.clone();
        long size = 1;
        for (int i = 0; i < copy.length; i++) {
            if (copy[i] < 1) {
                throw new InvalidRequestException("shape[" + i + "]", copy[i], "1 or above");
            }
            if (copy[i] > MAX_SIZE / size) {
                throw new InvalidRequestException("shape", text(copy), "at most " + MAX_SIZE + " elements");
            }
            size *= copy[i];
        }
        return new Shape(copy, size);
    }

    /** How many dimensions; 0 for a scalar. */
    public int rank() {
        return dimensions.length;
    }

    /**
     * One dimension.
     *
     * @param axis from 0, the outermost, to {@code rank() - 1}
     * @throws IndexOutOfBoundsException if there is no such dimension
     */
    public long dimension(int axis) {
        if (axis < 0 || axis >= dimensions.length) {
            throw new IndexOutOfBoundsException("axis " + axis + " of the shape " + this);
        }
        return dimensions[axis];
    }

    /** The dimensions, outermost first, as a new array. */
    public long[] toArray() {
        return dimensions.clone();
    }

    /** The number of elements: the product of the dimensions. */
    public long size() {
        return size;
    }

    /** The size in bytes of float32 elements. */
    public long byteSize() {
        return size * Float.BYTES;
    }

    /**
     * The row-major position of an element.
     *
     * @param indices one index per dimension
     * @throws IndexOutOfBoundsException if one is out of range
     * @throws IllegalArgumentException if their number is not {@link #rank()}
     */
    public long offset(long... indices) {
        if (indices.length != dimensions.length) {
            throw new IllegalArgumentException(
                    indices.length + " indices, but the shape " + this + " takes " + dimensions.length);
        }
        long offset = 0;
        for (int i = 0; i < indices.length; i++) {
            if (indices[i] < 0 || indices[i] >= dimensions[i]) {
                throw new IndexOutOfBoundsException("indices[" + i + "] is " + indices[i] + ", must be from 0 to "
                        + (dimensions[i] - 1) + " for the shape " + this);
            }
            offset = offset * dimensions[i] + indices[i];
        }
        return offset;
    }

    /** This shape with another outermost dimension. */
    Shape withOutermost(long dimension) {
        long[] changed = dimensions.clone();
        changed[0] = dimension;
        return of(changed);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dimensions);
    }

    /** Such as {@code 1x4x64x64}, or {@code scalar}. */
    @Override
    public String toString() {
        return text(dimensions);
    }

    private static String text(long[] dimensions) {
        return dimensions.length == 0
                ? "scalar"
                : LongStream.of(dimensions).mapToObj(Long::toString).collect(Collectors.joining("x"));
    }
}
