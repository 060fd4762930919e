package dev.diffusion4j.internal.convert;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.format.SafetensorsHeader;
import dev.diffusion4j.modelfile.TensorType;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The container that a model is written in. */
enum OutputFormat {
    GGUF,
    SAFETENSORS;

    /**
     * The one that the file's name stands for.
     *
     * @throws InvalidRequestException if it ends otherwise
     */
    static OutputFormat of(Path output) {
        String name = output.toString().toLowerCase(Locale.ROOT);
        for (OutputFormat format : values()) {
            if (name.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
                return format;
            }
        }
        throw new InvalidRequestException("output", output, "a file name that ends in .gguf or .safetensors");
    }

    boolean holds(TensorType type) {
        return this == GGUF ? type.ggmlId().isPresent() : !type.isQuantized();
    }

    /** Tensors in the order in which they are written: readers of safetensors want each at a multiple of its numbers' size. */
    List<PlannedTensor> order(List<PlannedTensor> tensors) {
        return this == GGUF
                ? List.copyOf(tensors)
                : tensors.stream()
                        .sorted(Comparator.comparing(tensor -> -tensor.type().blockBytes()))
                        .toList();
    }

    /** How many bytes a tensor is a multiple of, with zeros behind it. */
    int alignment() {
        return this == GGUF ? GgufHeader.ALIGNMENT : 1;
    }

    byte[] header(Map<String, Object> metadata, List<PlannedTensor> tensors) {
        return this == GGUF
                ? GgufHeader.of(metadata, tensors)
                : SafetensorsHeader.of(
                        metadata, tensors.stream().map(PlannedTensor::entry).toList());
    }
}
