package dev.diffusion4j.model;

import java.util.Map;
import java.util.SequencedMap;

/** What a reader found in a file. */
record Header(ModelFormat format, Map<String, String> metadata, SequencedMap<String, TensorInfo> tensors) {}
