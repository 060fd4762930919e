package dev.diffusion4j.internal.convert;

import dev.diffusion4j.internal.format.TensorNames;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import java.util.List;

/** Which tensors are left out and which are never given another type: those of stable-diffusion.cpp's convert. */
final class ConversionRules {

    /** What little is gained by is lost in the picture: norms, inputs and outputs, embeddings of time and of text. */
    private static final List<String> SPARED_ENDINGS = List.of(".bias", ".scale", ".weight_scale", ".scale_weight");

    private static final List<String> SPARED = List.of(
            "img_in.",
            "txt_in.",
            "time_in.",
            "vector_in.",
            "guidance_in.",
            "final_layer.",
            "x_embedder.",
            "t_embedder.",
            "y_embedder.",
            "pos_embed",
            "context_embedder.",
            "time_embed.",
            "label_emb.",
            "embedding");

    private ConversionRules() {}

    /** Whether the runtime reads nothing from the tensor: averages of training, counters, bytes that mean something to others. */
    static boolean isLeftOut(TensorInfo tensor) {
        boolean isCounter = tensor.type().isInteger() && tensor.shape().size() < 2;
        return TensorNames.isUnused(tensor.name())
                || isCounter
                || tensor.type() == TensorType.U8
                || tensor.elements() == 0;
    }

    /** Whether the tensor keeps its numbers whatever is asked for. */
    static boolean isSpared(TensorInfo tensor) {
        return tensor.shape().size() < 2
                || SPARED_ENDINGS.stream().anyMatch(tensor.name()::endsWith)
                || SPARED.stream().anyMatch(tensor.name()::contains);
    }

    /** Whether the rows can be cut into the type's blocks. */
    static boolean fits(TensorInfo tensor, TensorType type) {
        return tensor.shape().getLast() % type.blockElements() == 0;
    }
}
