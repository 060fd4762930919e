package dev.diffusion4j.modelfile;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What a model file says about one tensor.
 *
 * @param name the tensor's name as in the file
 * @param type how its numbers are stored
 * @param shape its dimensions in PyTorch's order, slowest first; empty for a single number
 * @param offset where its first byte lies in the file; within a compressed zip entry, where the entry's data begins
 * @param byteLength how many bytes its numbers take
 */
public record TensorInfo(String name, TensorType type, List<Long> shape, long offset, long byteLength) {

    /** Copies the shape. */
    public TensorInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        shape = List.copyOf(shape);
    }

    /** How many numbers it holds. */
    public long elements() {
        long elements = 1;
        for (long dimension : shape) {
            elements = Math.multiplyExact(elements, dimension);
        }
        return elements;
    }

    /** The shape as text, such as {@code [320, 4, 3, 3]}. */
    public String shapeText() {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }

    /** Dimension {@code index} in the runtime's order, fastest first; 1 beyond the last. */
    public long ne(int index) {
        if (shape.size() == Limits.MAX_DIMENSIONS) {
            // The runtime keeps four dimensions and folds the two slowest of five into one.
            return index == 3 ? shape.get(0) * shape.get(1) : index < 3 ? shape.get(4 - index) : 1;
        }
        int position = shape.size() - 1 - index;
        return position >= 0 ? shape.get(position) : 1;
    }
}
