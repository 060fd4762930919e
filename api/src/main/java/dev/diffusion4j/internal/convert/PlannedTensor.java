package dev.diffusion4j.internal.convert;

import dev.diffusion4j.internal.format.SafetensorsHeader;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import java.util.List;

/**
 * A tensor of the new file.
 *
 * @param file where its numbers are
 * @param source the tensor there
 * @param name in the new file
 * @param type in the new file
 * @param scale what its numbers are multiplied by, in fp8; 1 for others
 */
record PlannedTensor(ModelFile file, TensorInfo source, String name, TensorType type, float scale) {

    List<Long> shape() {
        return source.shape();
    }

    long byteLength() {
        return type.byteSize(source.elements());
    }

    /** How many numbers there are in a row: the last dimension, of which blocks of quantised types are made. */
    long rowLength() {
        return shape().isEmpty() ? 1 : shape().getLast();
    }

    SafetensorsHeader.Entry entry() {
        return new SafetensorsHeader.Entry(name, type.name(), shape(), byteLength());
    }

    boolean isCopied() {
        return type == source.type();
    }
}
