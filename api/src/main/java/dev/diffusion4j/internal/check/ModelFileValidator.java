package dev.diffusion4j.internal.check;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import java.util.Objects;
import java.util.Set;

/** What the pinned runtime can take: whether a file can be what it is given as. */
public final class ModelFileValidator {

    private ModelFileValidator() {}

    /**
     * Checks that the runtime can draw pictures or videos with a file given as the model: that it is of a family that does, and that
     * text encoder, denoiser and VAE are there, in the sizes the runtime can take.
     *
     * @param separate the components that are files of their own and need not be in this one; without a tiny autoencoder that
     *     is for previews only
     * @throws ModelFileException naming what is missing or wrong, and how else it can be given
     */
    public static void requireModel(ModelFile file, Set<ModelComponent> separate) {
        requireReadByRuntime(file);
        ModelCheck.model(file, Set.copyOf(separate));
    }

    /**
     * Checks that the runtime can draw pictures or videos with a file given as the denoiser alone.
     *
     * @param separate the other components, which are all files of their own
     * @throws ModelFileException naming what is missing or wrong
     */
    public static void requireDiffusionModel(ModelFile file, Set<ModelComponent> separate) {
        requireReadByRuntime(file);
        ModelCheck.diffusionModel(file, Set.copyOf(separate));
    }

    /**
     * Checks that a file can be given as that component. The vision part of a language model and LTX's further parts have no fixed
     * form, and a denoiser is checked with all other files in view.
     *
     * @param family of the model: SD 2.x has another CLIP in the place of CLIP-L
     * @throws ModelFileException if it cannot
     */
    public static void requireComponent(ModelFile file, ModelComponent component, ModelFamily family) {
        switch (component) {
            case VAE -> require(file, ModelFamily.VAE);
            case TINY_AUTOENCODER -> {
                requirePreviewAutoencoder(file, family);
                TinyAutoencoderCheck.requireEncoder(file, family);
            }
            case CLIP_L -> require(file, family.isStableDiffusion2() ? ModelFamily.CLIP_H : ModelFamily.CLIP_L);
            case CLIP_G -> require(file, ModelFamily.CLIP_G);
            case T5 -> require(file, ModelFamily.T5);
            case CLIP_VISION -> require(file, ModelFamily.CLIP_VISION);
            case HIGH_NOISE_DIFFUSION_MODEL -> require(file, family);
            case LLM -> require(file, ModelFamily.LLM);
            case DIFFUSION_MODEL, LLM_VISION, EMBEDDINGS_CONNECTORS, AUDIO_VAE -> {}
        }
    }

    /**
     * Checks that a file can be given as the tiny autoencoder that decodes previews, which needs no encoder.
     *
     * @param family of the model
     * @throws ModelFileException if it cannot
     */
    public static void requirePreviewAutoencoder(ModelFile file, ModelFamily family) {
        require(file, ModelFamily.TINY_AUTOENCODER);
        TinyAutoencoderCheck.requireDecoder(file, family);
    }

    /**
     * Checks that a file can be given as an upscaler.
     *
     * @throws ModelFileException if it cannot
     */
    public static void requireUpscaler(ModelFile file) {
        require(file, ModelFamily.UPSCALER);
    }

    /**
     * Checks that a file is a ControlNet that a model can be opened with.
     *
     * @param denoiser the file of the model, or of its U-Net
     * @throws ModelFileException if it is not, or was made for a U-Net of other widths
     */
    public static void requireControlNet(ModelFile file, ModelFile denoiser) {
        require(file, ModelFamily.CONTROL_NET);
        ControlNetCheck.check(file, denoiser);
    }

    private static void require(ModelFile file, ModelFamily family) {
        requireReadByRuntime(file);
        ModelCheck.part(file, family);
    }

    /**
     * Checks that a file is a LoRA that the runtime can load, and one that fits a model.
     *
     * @param model the model that it shall change
     * @throws ModelFileException if it is not, or was made for another kind of model
     */
    public static void requireLora(ModelFile file, ModelFile model) {
        requireReadByRuntime(file);
        AddonCheck.lora(file, Objects.requireNonNull(model, "model"));
    }

    /**
     * Checks that a file is a textual inversion that a model can be opened with. Parameters of PyTorch modules, which the
     * runtime cannot read, are read here.
     *
     * @param widths how wide the text encoders' embeddings are: 768 for SD 1.x, 1024 for SD 2.x, 768 and 1280 for SDXL
     * @throws ModelFileException if it is not
     */
    public static void requireTextualInversion(ModelFile file, int... widths) {
        AddonCheck.textualInversion(file, widths);
    }

    /**
     * Checks that a file is PhotoMaker, of either version, and can be given with a model.
     *
     * @param model the SDXL model that it is for
     * @throws ModelFileException if it is not, is not whole, or was made for another kind of model
     */
    public static void requirePhotoMaker(ModelFile file, ModelFile model) {
        requireReadByRuntime(file);
        PhotoMakerCheck.check(file, model);
    }

    private static void requireReadByRuntime(ModelFile file) {
        if (!file.isReadByRuntime()) {
            throw new ModelFileException(
                    Text.of(file.path()) + " cannot be used: its tensors are pickled as torch.nn.Parameter, which"
                            + " the runtime does not read; saved as a state_dict() or as safetensors they can be");
        }
    }
}
