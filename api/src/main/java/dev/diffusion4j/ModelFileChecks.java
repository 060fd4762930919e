package dev.diffusion4j;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ModelOptions;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Checks every file a model is opened with before native code sees it. */
final class ModelFileChecks {

    /** Of the embeddings of CLIP-L and CLIP-G. */
    private static final int[] SDXL_WIDTHS = {768, 1280};

    private final ModelOptions options;
    private final Optional<ModelFile> model;
    private final Map<ModelComponent, ModelFile> components = new EnumMap<>(ModelComponent.class);

    private ModelFileChecks(Optional<Path> model, ModelOptions options) {
        this.options = options;
        this.model = model.map(ModelFile::read);
        options.components().forEach((component, path) -> components.put(component, ModelFile.read(path)));
    }

    /**
     * Reads and checks all files.
     *
     * @param model the file of the whole model; without it the denoiser's is the main file
     * @return the main file
     */
    static ModelFile check(Optional<Path> model, ModelOptions options) {
        ModelFileChecks checks = new ModelFileChecks(model, options);
        ModelFile main = checks.checkMain();
        checks.components.forEach((component, file) -> {
            if (component == ModelComponent.TINY_AUTOENCODER && options.tinyAutoencoderForPreviewsOnly()) {
                ModelFileValidator.requirePreviewAutoencoder(file, main.family());
            } else {
                ModelFileValidator.requireComponent(file, component, main.family());
            }
        });
        checks.checkEmbeddings(main);
        ModelFile denoiser = checks.components.getOrDefault(ModelComponent.DIFFUSION_MODEL, main);
        options.controlNets()
                .values()
                .forEach(path -> ModelFileValidator.requireControlNet(ModelFile.read(path), denoiser));
        options.photoMaker().ifPresent(path -> checks.checkPhotoMaker(path, main));
        return main;
    }

    private ModelFile checkMain() {
        Set<ModelComponent> separate = EnumSet.noneOf(ModelComponent.class);
        separate.addAll(components.keySet());
        separate.remove(ModelComponent.LLM_VISION);
        if (options.tinyAutoencoderForPreviewsOnly()) {
            separate.remove(ModelComponent.TINY_AUTOENCODER);
        }
        if (model.isPresent()) {
            ModelFileValidator.requireModel(model.get(), separate);
            return model.get();
        }
        ModelFile denoiser =
                Objects.requireNonNull(components.get(ModelComponent.DIFFUSION_MODEL), "ModelOpener asks for it");
        ModelFileValidator.requireDiffusionModel(denoiser, separate);
        return denoiser;
    }

    private void checkEmbeddings(ModelFile main) {
        for (Path path : options.embeddings().values()) {
            ModelFamily family = main.family();
            if (!family.isUnet()) {
                throw new ModelFileException(path
                        + " cannot be used: the runtime takes textual inversions for SD 1.x, SD 2.x and SDXL, and "
                        + main.path() + " is of the family " + family.displayName());
            }
            int[] widths = family.isStableDiffusionXl() ? SDXL_WIDTHS : new int[] {tokenEmbeddingWidth(path)};
            ModelFileValidator.requireTextualInversion(ModelFile.read(path), widths);
        }
    }

    private void checkPhotoMaker(Path path, ModelFile main) {
        ModelFileValidator.requirePhotoMaker(ModelFile.read(path), main);
        for (String word : options.embeddings().keySet()) {
            // A learned word is found inside other words, too.
            if (Identity.TRIGGER_WORD.contains(word.toLowerCase(Locale.ROOT))) {
                throw new InvalidRequestException(
                        "embedding",
                        "'" + word + "'",
                        "no part of '" + Identity.TRIGGER_WORD + "', which is PhotoMaker's trigger word");
            }
        }
    }

    private int tokenEmbeddingWidth(Path embedding) {
        return Stream.concat(Stream.ofNullable(components.get(ModelComponent.CLIP_L)), model.stream())
                .flatMap(file -> file.tensors().stream())
                .filter(tensor -> tensor.name().endsWith("token_embedding.weight"))
                .map(TensorInfo::shape)
                .mapToInt(shape -> Math.toIntExact(shape.getLast()))
                .findFirst()
                .orElseThrow(() -> new ModelFileException(
                        embedding + " cannot be used: this model has no CLIP text encoder to add it to"));
    }
}
