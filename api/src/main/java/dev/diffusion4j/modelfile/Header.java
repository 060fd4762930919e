package dev.diffusion4j.modelfile;

import java.util.Map;
import java.util.SequencedMap;

/**
 * What a reader found in a file.
 *
 * @param readByRuntime whether the runtime's own reader finds the same tensors
 */
record Header(
        ModelFormat format,
        Map<String, String> metadata,
        SequencedMap<String, TensorInfo> tensors,
        boolean readByRuntime) {

    Header(ModelFormat format, Map<String, String> metadata, SequencedMap<String, TensorInfo> tensors) {
        this(format, metadata, tensors, true);
    }
}
