package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.TensorNames;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import java.util.Optional;

/** Whether a ControlNet is one for the U-Net of a model. The runtime would find out in the middle of the first step. */
final class ControlNetCheck {

    private static final String FIRST = "input_blocks.0.0.weight";
    private static final String FIRST_OF_DIFFUSERS = "conv_in.weight";

    private ControlNetCheck() {}

    /** The widths in which they have to be alike. */
    private record Widths(long channels, long context) {

        @Override
        public String toString() {
            return channels + " base channels and a context of " + context;
        }
    }

    /**
     * @param denoiser what the file of the model, or of its U-Net, says
     */
    static void check(ModelFile file, ModelFile denoiser) {
        ModelFamily family = denoiser.family();
        if (!hasControlNets(family)) {
            throw new ModelFileException(Text.of(file.path())
                    + " cannot be used: ControlNets work with models of the families" + " SD 1.x and SD 2.x, and "
                    + Text.of(denoiser.path()) + " is " + family.withArticle() + " model");
        }
        Widths found = new Widths(channelsOfControlNet(file), contextOfControlNet(file));
        Widths needed = new Widths(channelsOfUnet(denoiser), family.contextWidth());
        if (!found.equals(needed)) {
            throw new ModelFileException(Text.of(file.path()) + " is a ControlNet for a U-Net with " + found
                    + "; the U-Net of " + Text.of(denoiser.path()) + " has " + needed);
        }
    }

    private static boolean hasControlNets(ModelFamily family) {
        return switch (family) {
            case SD1, SD1_INPAINT, SD1_PIX2PIX, SD2, SD2_INPAINT -> true;
            default -> false;
        };
    }

    private static long channelsOfControlNet(ModelFile file) {
        return outputs(file, "", FIRST)
                .or(() -> outputs(file, "control_model.", FIRST))
                .or(() -> outputs(file, "", FIRST_OF_DIFFUSERS))
                .orElseThrow(() -> new ModelFileException(Text.of(file.path()) + " has no weight " + FIRST));
    }

    private static long contextOfControlNet(ModelFile file) {
        return file.tensors().stream()
                .filter(tensor -> tensor.name().endsWith("attn2.to_k.weight")
                        && tensor.shape().size() == 2)
                .map(tensor -> tensor.ne(0))
                .findFirst()
                .orElseThrow(() -> new ModelFileException(
                        Text.of(file.path()) + " is a ControlNet without cross-attention, which the runtime has not"));
    }

    private static long channelsOfUnet(ModelFile denoiser) {
        String first = TensorNames.DIFFUSION + FIRST;
        return denoiser.tensors().stream()
                .filter(tensor -> TensorNames.canonical(tensor.name()).equals(first)
                        || TensorNames.canonical(TensorNames.DIFFUSION + tensor.name())
                                .equals(first))
                .map(tensor -> tensor.shape().getFirst())
                .findFirst()
                .orElseThrow(() -> new ModelFileException(Text.of(denoiser.path()) + " has no weight " + first));
    }

    private static Optional<Long> outputs(ModelFile file, String prefix, String name) {
        return file.tensors().stream()
                .filter(tensor ->
                        tensor.name().equals(prefix + name) && !tensor.shape().isEmpty())
                .map(TensorInfo::shape)
                .map(shape -> shape.getFirst())
                .findFirst();
    }
}
