package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.LatentFormat;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import java.util.Optional;

/** Whether a tiny autoencoder is one for the latents of a model, in names that the runtime reads. */
final class TinyAutoencoderCheck {

    private TinyAutoencoderCheck() {}

    /** That it is one, whose encoder may be missing. */
    static void requireDecoder(ModelFile file, ModelFamily model) {
        LatentFormat needed = LatentFormat.of(model)
                .orElseThrow(() -> refusal(file, "cannot be used: " + model.displayName() + " works on pixels"));
        LatentFormat found = file.latentFormat()
                .orElseThrow(() -> refusal(
                        file, "is half a tiny autoencoder, or one for latents that are not known; " + advice(needed)));
        if (found != needed) {
            throw refusal(
                    file,
                    "is a tiny autoencoder for the latents of " + found.displayName() + ", and " + model.displayName()
                            + " has those of " + needed.displayName() + "; " + advice(needed));
        }
        if (needed != LatentFormat.WAN && !hasAny(file, "decoder.layers.")) {
            throw refusal(
                    file,
                    "is a tiny autoencoder in the names of its author's own files, which the runtime does not read; "
                            + advice(needed));
        }
    }

    static void requireEncoder(ModelFile file, ModelFamily model) {
        boolean isVideo = LatentFormat.of(model).equals(Optional.of(LatentFormat.WAN));
        if (!hasAny(file, isVideo ? "encoder." : "encoder.layers.")) {
            throw refusal(file, "is a tiny autoencoder without its encoder, which only previews do without");
        }
    }

    private static String advice(LatentFormat needed) {
        return "take " + needed.tinyAutoencoders()
                + (needed == LatentFormat.WAN ? ", of TAEHV" : ", the file diffusion_pytorch_model.safetensors");
    }

    private static boolean hasAny(ModelFile file, String beginning) {
        return file.tensors().stream().anyMatch(tensor -> tensor.name().contains(beginning));
    }

    private static ModelFileException refusal(ModelFile file, String reason) {
        return new ModelFileException(Text.of(file.path()) + " " + reason);
    }
}
