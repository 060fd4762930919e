package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A tensor's place in the shared memory. */
record SharedTensor(long offset, List<Long> dimensions) {

    static SharedTensor at(long offset, Shape shape) {
        Long[] dimensions = new Long[shape.rank()];
        for (int i = 0; i < dimensions.length; i++) {
            dimensions[i] = shape.dimension(i);
        }
        return new SharedTensor(offset, List.of(dimensions));
    }

    Shape shape() {
        return Shape.of(dimensions.stream().mapToLong(Long::longValue).toArray());
    }

    /** Where the tensor ends. */
    long end() {
        return offset + shape().byteSize();
    }

    MemorySegment in(MemorySegment data) {
        return data.asSlice(offset, shape().byteSize());
    }

    Tensor wrap(MemorySegment data) {
        return Tensor.wrap(in(data), shape());
    }
}
