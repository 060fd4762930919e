package dev.diffusion4j.internal.convert;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Quantizations;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Weights in fp8 with a scale for each tensor beside them, as ComfyUI and others save them. */
final class ScaledFp8 {

    /** A layer's scale, and the one of its inputs, for computing in fp8. */
    private record Names(String weight, String input) {}

    private static final List<Names> NAMES =
            List.of(new Names(".scale_weight", ".scale_input"), new Names(".weight_scale", ".input_scale"));

    private static final String WEIGHT = ".weight";

    /** A name for the whole. */
    private static final String MARKER = "scaled_fp8";

    private final ModelFile file;
    private final Set<String> folded = new HashSet<>();

    ScaledFp8(ModelFile file) {
        this.file = file;
    }

    static boolean isFp8(TensorType type) {
        return type == TensorType.F8_E4M3 || type == TensorType.F8_E5M2;
    }

    /**
     * The scale that goes into a tensor's numbers as these leave fp8; 1 without one.
     *
     * @throws ModelFileException if there are several, for parts of the tensor
     */
    float fold(TensorInfo tensor) {
        String name = tensor.name();
        if (!isFp8(tensor.type()) || !name.endsWith(WEIGHT)) {
            return 1;
        }
        String layer = name.substring(0, name.length() - WEIGHT.length());
        for (Names names : NAMES) {
            Optional<TensorInfo> scale = file.tensor(layer + names.weight);
            if (scale.isPresent()) {
                if (scale.get().elements() != 1) {
                    throw new ModelFileException(Text.of(file.path()) + " cannot be converted: it has "
                            + scale.get().elements() + " scales for one tensor, " + Text.quoted(name)
                            + ", where one is read" + Quantizations.WAY_OUT);
                }
                folded.add(layer + names.weight);
                folded.add(layer + names.input);
                try (Tensor number = file.load(layer + names.weight)) {
                    return number.getFlat(0);
                }
            }
        }
        return 1;
    }

    /** Whether a tensor has become part of others. To be asked when all were folded. */
    boolean isGone(TensorInfo tensor, boolean keepsFp8) {
        return folded.contains(tensor.name()) || !keepsFp8 && tensor.name().endsWith(MARKER);
    }
}
