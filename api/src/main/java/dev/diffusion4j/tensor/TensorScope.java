package dev.diffusion4j.tensor;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import java.lang.foreign.Arena;

/**
 * A scope of tensors that are freed together, for the loop of a pipeline: the tensors made by its methods share one arena,
 * so that none has to be closed by itself, and freeing all of them costs what freeing one does.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Tensor latents = scope.randomNormal(Shape.of(1, 4, 64, 64), 7);
 *     Tensor prediction = scope.zeros(latents.shape());
 *     ...
 * }
 * }</pre>
 *
 * <p><b>Lifetime.</b> Memory is given back in {@link #close()} and not before: closing a tensor of a scope only ends the use
 * of that object. Use after close throws {@link ClosedException}, as with any tensor.
 *
 * <p><b>Threads.</b> Any thread may make, use and close; see {@link Tensor}.
 */
public final class TensorScope implements AutoCloseable {

    private final Arena arena = Arena.ofShared();

    private TensorScope() {}

    /** A new scope without tensors. */
    public static TensorScope open() {
        return new TensorScope();
    }

    /**
     * A new tensor of zeros.
     *
     * @throws OutOfNativeMemoryException if there is not enough memory
     * @throws ClosedException if the scope was closed
     */
    public Tensor zeros(Shape shape) {
        try {
            return Tensor.zeros(shape, arena);
        } catch (IllegalStateException e) {
            throw new ClosedException("a tensor of shape " + shape + " was asked of a scope that is closed", e);
        }
    }

    /**
     * A new tensor with a copy of the values.
     *
     * @param values the elements in row-major order
     * @throws dev.diffusion4j.error.InvalidRequestException if their number is not the shape's
     * @throws OutOfNativeMemoryException if there is not enough memory
     * @throws ClosedException if the scope was closed
     */
    public Tensor of(float[] values, Shape shape) {
        Tensor.requireCount(values.length, shape);
        Tensor tensor = zeros(shape);
        tensor.copyFrom(values);
        return tensor;
    }

    /**
     * A new tensor with a copy of another's elements.
     *
     * @throws OutOfNativeMemoryException if there is not enough memory
     * @throws ClosedException if the scope or the other tensor was closed
     */
    public Tensor copyOf(Tensor source) {
        Tensor tensor = zeros(source.shape());
        tensor.copyFrom(source);
        return tensor;
    }

    /**
     * Standard normal noise, equal to {@link Tensor#randomNormal(Shape, long)}.
     *
     * @param seed any value; all 64 bits count
     * @throws OutOfNativeMemoryException if there is not enough memory
     * @throws ClosedException if the scope was closed
     */
    public Tensor randomNormal(Shape shape, long seed) {
        return randomNormal(shape, seed, RandomSource.CUDA);
    }

    /**
     * Standard normal noise, equal to {@link Tensor#randomNormal(Shape, long, RandomSource)}.
     *
     * @param seed the seed; how many of its bits count depends on the source
     * @param source the generator
     * @throws OutOfNativeMemoryException if there is not enough memory
     * @throws ClosedException if the scope was closed
     */
    public Tensor randomNormal(Shape shape, long seed, RandomSource source) {
        Tensor tensor = zeros(shape);
        NormalGenerator.of(source, seed).fill(tensor);
        return tensor;
    }

    /** Whether the scope was closed. */
    public boolean isClosed() {
        return !arena.scope().isAlive();
    }

    /**
     * Frees the memory of every tensor of the scope. Closing twice does nothing.
     *
     * @throws DiffusionException if native code is reading one of the tensors just now; all then stay open
     */
    @Override
    public synchronized void close() {
        if (isClosed()) {
            return;
        }
        try {
            arena.close();
        } catch (IllegalStateException e) {
            throw new DiffusionException("a tensor of this scope is in use by native code", e);
        }
    }
}
