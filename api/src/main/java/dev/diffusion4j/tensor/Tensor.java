package dev.diffusion4j.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An off-heap array of float32 values in row-major order, over one {@link MemorySegment}.
 *
 * <p><b>Lifetime.</b> A tensor owns its memory and gives it back in {@link #close()}; it is not collected with the
 * object, so use try-with-resources, or a {@link TensorScope} for many. {@link #slice} and {@link #view} share memory with the tensor they come from and
 * die with it; closing a view ends that view alone. Every use after close throws {@link ClosedException}, never reads
 * freed memory. Segments and buffers obtained from a tensor die with it too (with {@link IllegalStateException}).
 *
 * <p><b>Threads.</b> Memory comes from a shared arena, so any thread may use a tensor, but nothing is synchronized:
 * do not change a tensor while another thread reads it. Closing while another thread is inside a call makes that call
 * fail with {@link IllegalStateException}; closing while native code reads the tensor is refused.
 *
 * <p>Sums are taken in double and rounded to float32 once.
 */
public final class Tensor implements AutoCloseable {

    private final MemorySegment memory;
    private final Shape shape;
    /** What {@link #close()} frees; null if the memory belongs to someone else. */
    private final @Nullable Arena owned;
    /** The tensor this is a view of, or null. */
    private final @Nullable Tensor parent;

    private volatile boolean closed;

    private Tensor(MemorySegment memory, Shape shape, @Nullable Arena owned, @Nullable Tensor parent) {
        this.memory = memory;
        this.shape = shape;
        this.owned = owned;
        this.parent = parent;
    }

    /**
     * A new tensor of zeros that owns its memory.
     *
     * @throws OutOfNativeMemoryException if there is not enough memory
     */
    public static Tensor zeros(Shape shape) {
        Arena arena = Arena.ofShared();
        try {
            return new Tensor(allocate(shape, arena), shape, arena, null);
        } catch (OutOfNativeMemoryException e) {
            arena.close();
            throw e;
        }
    }

    /**
     * A new tensor of zeros in an arena of the caller's, who frees the memory by closing the arena; {@link #close()}
     * then only ends the use of this object. The arena decides which threads may use the tensor.
     *
     * @throws OutOfNativeMemoryException if there is not enough memory
     */
    public static Tensor zeros(Shape shape, Arena arena) {
        return new Tensor(allocate(shape, arena), shape, null, null);
    }

    private static MemorySegment allocate(Shape shape, Arena arena) {
        try {
            return arena.allocate(shape.byteSize(), 64);
        } catch (OutOfMemoryError e) {
            throw new OutOfNativeMemoryException(
                    "no memory for a tensor of shape " + shape + " (" + shape.byteSize() + " bytes)", e);
        }
    }

    /**
     * A new tensor that owns a copy of the values.
     *
     * @param values the elements in row-major order
     * @throws InvalidRequestException if their number is not the shape's
     */
    public static Tensor of(float[] values, Shape shape) {
        requireCount(values.length, shape);
        Tensor tensor = zeros(shape);
        MemorySegment.copy(values, 0, tensor.memory, JAVA_FLOAT, 0, values.length);
        return tensor;
    }

    /**
     * A tensor over memory of the caller's, without a copy. It lives as long as the segment does, and {@link #close()}
     * only ends the use of this object.
     *
     * @param memory exactly the elements, in native byte order, aligned to 4 bytes
     * @throws InvalidRequestException if the segment's size is not the shape's, or it is not aligned or is read-only
     */
    public static Tensor wrap(MemorySegment memory, Shape shape) {
        if (memory.byteSize() != shape.byteSize()) {
            throw new InvalidRequestException(
                    "memory", memory.byteSize() + " bytes", shape.byteSize() + " bytes for the shape " + shape);
        }
        if (memory.isReadOnly() || memory.maxByteAlignment() < Float.BYTES) {
            throw new InvalidRequestException("memory", memory, "writable and aligned to 4 bytes");
        }
        return new Tensor(memory, shape, null, null);
    }

    /**
     * Standard normal noise from {@link RandomSource#CUDA}, the runtime's default: the same seed starts the native
     * path and a loop of your own from the same noise.
     *
     * @param seed any value; all 64 bits count
     */
    public static Tensor randomNormal(Shape shape, long seed) {
        return randomNormal(shape, seed, RandomSource.CUDA);
    }

    /**
     * Standard normal noise: the first draw of {@link NormalGenerator#of}.
     *
     * @param seed the seed; how many of its bits count depends on the source
     * @param source the generator
     */
    public static Tensor randomNormal(Shape shape, long seed, RandomSource source) {
        NormalGenerator generator = NormalGenerator.of(source, seed);
        Tensor tensor = zeros(shape);
        generator.fill(tensor);
        return tensor;
    }

    /** The dimensions. */
    public Shape shape() {
        return shape;
    }

    /** The number of elements. */
    public long size() {
        return shape.size();
    }

    /** Whether this tensor, the one it is a view of, or its memory was closed. */
    public boolean isClosed() {
        return closed
                || (parent != null && parent.isClosed())
                || !memory.scope().isAlive();
    }

    /**
     * One element.
     *
     * @param indices one index per dimension
     * @throws IndexOutOfBoundsException if an index is out of range
     * @throws IllegalArgumentException if their number is not that of the dimensions
     * @throws ClosedException if the tensor was closed
     */
    public float get(long... indices) {
        return live().getAtIndex(JAVA_FLOAT, shape.offset(indices));
    }

    /**
     * Sets one element.
     *
     * @param value the new value
     * @param indices one index per dimension
     * @throws IndexOutOfBoundsException if an index is out of range
     * @throws IllegalArgumentException if their number is not that of the dimensions
     * @throws ClosedException if the tensor was closed
     */
    public void set(float value, long... indices) {
        live().setAtIndex(JAVA_FLOAT, shape.offset(indices), value);
    }

    /**
     * The element at a row-major position.
     *
     * @param index from 0 to {@code size() - 1}
     * @throws IndexOutOfBoundsException if the position is out of range
     * @throws ClosedException if the tensor was closed
     */
    public float getFlat(long index) {
        return live().getAtIndex(JAVA_FLOAT, checkedFlat(index));
    }

    /**
     * Sets the element at a row-major position.
     *
     * @param index from 0 to {@code size() - 1}
     * @throws IndexOutOfBoundsException if the position is out of range
     * @throws ClosedException if the tensor was closed
     */
    public void setFlat(long index, float value) {
        live().setAtIndex(JAVA_FLOAT, checkedFlat(index), value);
    }

    private long checkedFlat(long index) {
        if (index < 0 || index >= size()) {
            throw new IndexOutOfBoundsException("index is " + index + ", must be from 0 to " + (size() - 1));
        }
        return index;
    }

    /**
     * A range of the outermost dimension, sharing memory with this tensor.
     *
     * @param from the first index, included
     * @param to the last index, excluded
     * @throws IndexOutOfBoundsException if the range is out of bounds
     * @throws IllegalArgumentException if it is empty, or this is a scalar
     * @throws ClosedException if the tensor was closed
     */
    public Tensor slice(long from, long to) {
        if (shape.rank() == 0) {
            throw new IllegalArgumentException("a scalar has nothing to be sliced");
        }
        if (from < 0 || to > shape.dimension(0)) {
            throw new IndexOutOfBoundsException(
                    "the range " + from + " to " + to + " is not within 0 to " + shape.dimension(0));
        }
        if (from >= to) {
            throw new IllegalArgumentException("the range " + from + " to " + to + " is empty");
        }
        Shape sliced = shape.withOutermost(to - from);
        long row = shape.byteSize() / shape.dimension(0);
        return new Tensor(live().asSlice(from * row, sliced.byteSize()), sliced, null, this);
    }

    /**
     * The same elements under another shape, sharing memory with this tensor.
     *
     * @throws InvalidRequestException if the shape has another number of elements
     * @throws ClosedException if the tensor was closed
     */
    public Tensor view(Shape newShape) {
        requireCount(size(), newShape);
        return new Tensor(live(), newShape, null, this);
    }

    /**
     * The memory itself, in native byte order; reads and writes go to this tensor. It dies with the tensor.
     *
     * @throws ClosedException if the tensor was closed
     */
    public MemorySegment segment() {
        return live();
    }

    /**
     * The memory as a direct buffer in native byte order; reads and writes go to this tensor. It dies with the tensor.
     *
     * @throws InvalidRequestException if the tensor has 2 GiB or more, which a buffer cannot address
     * @throws ClosedException if the tensor was closed
     */
    public FloatBuffer floatBuffer() {
        if (shape.byteSize() > Integer.MAX_VALUE) {
            throw new InvalidRequestException("size", shape.byteSize() + " bytes", "below 2 GiB for a buffer");
        }
        return live().asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /**
     * A copy of the elements in row-major order.
     *
     * @throws InvalidRequestException if they do not fit an array
     * @throws ClosedException if the tensor was closed
     */
    public float[] toArray() {
        if (size() > Integer.MAX_VALUE - 8) {
            throw new InvalidRequestException("size", size() + " elements", "small enough for an array");
        }
        return live().toArray(JAVA_FLOAT);
    }

    /**
     * A new tensor that owns a copy of this one's elements.
     *
     * @throws ClosedException if the tensor was closed
     */
    public Tensor copy() {
        MemorySegment source = live();
        Tensor copy = zeros(shape);
        copy.memory.copyFrom(source);
        return copy;
    }

    /**
     * Copies another tensor's elements into this one.
     *
     * @throws InvalidRequestException if the shapes differ
     * @throws ClosedException if either was closed
     */
    public void copyFrom(Tensor source) {
        requireShape(source);
        live().copyFrom(source.live());
    }

    /**
     * Copies values into this tensor.
     *
     * @param values the elements in row-major order
     * @throws InvalidRequestException if their number is not {@link #size()}
     * @throws ClosedException if the tensor was closed
     */
    public void copyFrom(float[] values) {
        requireCount(values.length, shape);
        MemorySegment.copy(values, 0, live(), JAVA_FLOAT, 0, values.length);
    }

    /**
     * Copies this tensor's elements into an array.
     *
     * @param destination of exactly {@link #size()} elements
     * @throws InvalidRequestException if its length differs
     * @throws ClosedException if the tensor was closed
     */
    public void copyTo(float[] destination) {
        requireCount(destination.length, shape);
        MemorySegment.copy(live(), JAVA_FLOAT, 0, destination, 0, destination.length);
    }

    /** Sets every element. */
    public void fill(float value) {
        MemorySegment to = live();
        for (long i = 0, n = size(); i < n; i++) {
            to.setAtIndex(JAVA_FLOAT, i, value);
        }
    }

    /** Multiplies every element by a factor. */
    public void scale(double factor) {
        MemorySegment to = live();
        for (long i = 0, n = size(); i < n; i++) {
            to.setAtIndex(JAVA_FLOAT, i, (float) (factor * to.getAtIndex(JAVA_FLOAT, i)));
        }
    }

    /**
     * Adds a multiple of another tensor: {@code this += factor * other}.
     *
     * @throws InvalidRequestException if the shapes differ
     * @throws ClosedException if either was closed
     */
    public void addScaled(double factor, Tensor other) {
        requireShape(other);
        MemorySegment to = live();
        MemorySegment from = other.live();
        for (long i = 0, n = size(); i < n; i++) {
            double sum = to.getAtIndex(JAVA_FLOAT, i) + factor * from.getAtIndex(JAVA_FLOAT, i);
            to.setAtIndex(JAVA_FLOAT, i, (float) sum);
        }
    }

    /**
     * Multiplies element by element, as a mask does: {@code this *= other}.
     *
     * @throws InvalidRequestException if the shapes differ
     * @throws ClosedException if either was closed
     */
    public void multiply(Tensor other) {
        requireShape(other);
        MemorySegment to = live();
        MemorySegment from = other.live();
        for (long i = 0, n = size(); i < n; i++) {
            to.setAtIndex(JAVA_FLOAT, i, to.getAtIndex(JAVA_FLOAT, i) * from.getAtIndex(JAVA_FLOAT, i));
        }
    }

    /**
     * Limits every element to a range. NaN stays NaN.
     *
     * @throws InvalidRequestException if {@code min} is above {@code max}
     */
    public void clamp(float min, float max) {
        if (!(min <= max)) {
            throw new InvalidRequestException("min", min, "at most max, which is " + max);
        }
        MemorySegment to = live();
        for (long i = 0, n = size(); i < n; i++) {
            to.setAtIndex(JAVA_FLOAT, i, Math.min(max, Math.max(min, to.getAtIndex(JAVA_FLOAT, i))));
        }
    }

    /** The smallest element; NaN if any element is. */
    public float min() {
        MemorySegment from = live();
        float least = Float.POSITIVE_INFINITY;
        for (long i = 0, n = size(); i < n; i++) {
            least = Math.min(least, from.getAtIndex(JAVA_FLOAT, i));
        }
        return least;
    }

    /** The largest element; NaN if any element is. */
    public float max() {
        MemorySegment from = live();
        float greatest = Float.NEGATIVE_INFINITY;
        for (long i = 0, n = size(); i < n; i++) {
            greatest = Math.max(greatest, from.getAtIndex(JAVA_FLOAT, i));
        }
        return greatest;
    }

    /** The mean of all elements. */
    public double mean() {
        MemorySegment from = live();
        double sum = 0;
        for (long i = 0, n = size(); i < n; i++) {
            sum += from.getAtIndex(JAVA_FLOAT, i);
        }
        return sum / size();
    }

    /** The population standard deviation of all elements: the root of the mean squared distance from the mean. */
    public double standardDeviation() {
        double mean = mean();
        MemorySegment from = live();
        double sum = 0;
        for (long i = 0, n = size(); i < n; i++) {
            double distance = from.getAtIndex(JAVA_FLOAT, i) - mean;
            sum += distance * distance;
        }
        return Math.sqrt(sum / size());
    }

    /**
     * Frees the memory if this tensor owns it, and ends the use of this object and its views. Closing twice does
     * nothing.
     *
     * @throws DiffusionException if native code is reading the tensor just now; it then stays open
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        if (owned != null) {
            try {
                owned.close();
            } catch (IllegalStateException e) {
                throw new DiffusionException("a tensor of shape " + shape + " is in use by native code", e);
            }
        }
        closed = true;
    }

    /** The shape and, while open, the first elements. */
    @Override
    public String toString() {
        if (isClosed()) {
            return "Tensor[" + shape + ", closed]";
        }
        StringBuilder text = new StringBuilder("Tensor[").append(shape).append(":");
        long shown = Math.min(size(), 8);
        for (long i = 0; i < shown; i++) {
            text.append(' ').append(memory.getAtIndex(JAVA_FLOAT, i));
        }
        return text.append(shown < size() ? " ...]" : "]").toString();
    }

    /** The memory, after making sure that it may be used. */
    MemorySegment live() {
        if (isClosed()) {
            throw new ClosedException("a tensor of shape " + shape + " was used after it was closed");
        }
        return memory;
    }

    /** Refuses a tensor of another shape. */
    void requireShape(Tensor other) {
        if (!Objects.requireNonNull(other, "tensor").shape.equals(shape)) {
            throw new InvalidRequestException("shape", other.shape, shape.toString());
        }
    }

    static void requireCount(long count, Shape shape) {
        if (count != shape.size()) {
            throw new InvalidRequestException("shape", shape, "one of " + count + " elements");
        }
    }
}
