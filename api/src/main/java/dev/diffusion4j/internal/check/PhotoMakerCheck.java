package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.TensorNames;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import java.util.List;

/**
 * Whether a file can be given as PhotoMaker. The runtime warns and draws without it where it cannot be read, takes it for any
 * family, and compares the shapes of its identity encoder itself.
 */
final class PhotoMakerCheck {

    private static final List<String> ENCODER = List.of(
            "vision_model.embeddings.class_embedding",
            "vision_model.post_layernorm.weight",
            "visual_projection.weight",
            "visual_projection_2.weight",
            "fuse_module.layer_norm.weight");

    private final ModelFile file;

    private PhotoMakerCheck(ModelFile file) {
        this.file = file;
    }

    static void check(ModelFile file, ModelFile model) {
        PhotoMakerCheck check = new PhotoMakerCheck(file);
        if (!model.family().isStableDiffusionXl()) {
            throw check.refusal("is for SDXL, and " + Text.of(model.path()) + " is of the family "
                    + model.family().displayName());
        }
        if (!file.family().isPhotoMaker()) {
            throw check.refusal("is not PhotoMaker: "
                    + (file.family() == ModelFamily.UNKNOWN
                            ? "it has no tensor " + Text.quoted("fuse_module.mlp1.fc1.weight")
                            : "it is " + file.family().withArticle()
                                    + (file.family().makesPictures() ? " model" : "")));
        }
        ENCODER.forEach(check::require);
        check.requireUsableNumbers();
        AddonCheck.loraOfPhotoMaker(file, model);
    }

    private void require(String ending) {
        if (file.tensors().stream()
                .map(TensorInfo::name)
                .noneMatch(name -> name.equals(ending) || name.endsWith("." + ending))) {
            throw refusal("has no whole identity encoder: " + Text.quoted(ending) + " is missing");
        }
    }

    /** The runtime converts weights on worker threads, where a type that it cannot convert ends the process. */
    private void requireUsableNumbers() {
        for (TensorInfo tensor : file.tensors()) {
            TensorType type = tensor.type();
            if (type.isInteger() && type != TensorType.U8 && !TensorNames.isUnused(tensor.name())) {
                throw refusal("has tensor " + Text.quoted(tensor.name()) + " stored as " + type.displayName()
                        + ", which the runtime cannot compute with");
            }
        }
    }

    private ModelFileException refusal(String reason) {
        return new ModelFileException(Text.of(file.path()) + " " + reason);
    }
}
