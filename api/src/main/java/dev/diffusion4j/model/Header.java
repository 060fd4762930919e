package dev.diffusion4j.model;

import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/**
 * What a reader found in a file.
 *
 * @param partial the names of tensors that are only a part of their entry in a zip archive
 */
record Header(
        ModelFormat format,
        Map<String, String> metadata,
        SequencedMap<String, TensorInfo> tensors,
        Set<String> partial) {

    Header(ModelFormat format, Map<String, String> metadata, SequencedMap<String, TensorInfo> tensors) {
        this(format, metadata, tensors, Set.of());
    }
}
