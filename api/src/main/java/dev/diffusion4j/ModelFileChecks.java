package dev.diffusion4j;

import dev.diffusion4j.internal.ModelParameters.Part;
import dev.diffusion4j.model.ModelComponent;
import dev.diffusion4j.model.ModelFile;
import dev.diffusion4j.model.TensorInfo;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Checks every file a model is opened with before native code sees it. */
final class ModelFileChecks {

    private final Map<Part, ModelFile> files = new EnumMap<>(Part.class);

    private ModelFileChecks(Map<Part, Path> paths) {
        paths.forEach((part, path) -> files.put(part, ModelFile.read(path)));
    }

    /**
     * Reads and checks all files.
     *
     * @param previewOnly whether a tiny autoencoder is for previews alone, so that a VAE is needed beside it
     * @return the main file
     */
    static ModelFile check(Part mainPart, Map<Part, Path> paths, boolean previewOnly, Map<String, Path> embeddings) {
        ModelFileChecks checks = new ModelFileChecks(paths);
        checks.checkMain(mainPart, previewOnly);
        checks.checkParts();
        ModelFile main = checks.files.get(mainPart);
        checks.checkEmbeddings(main, embeddings);
        return main;
    }

    private void checkMain(Part mainPart, boolean previewOnly) {
        Set<ModelComponent> separate = EnumSet.noneOf(ModelComponent.class);
        files.keySet().forEach(part -> part.component().ifPresent(separate::add));
        if (previewOnly) {
            separate.remove(ModelComponent.TINY_AUTOENCODER);
        }
        ModelFile main = files.get(mainPart);
        if (mainPart == Part.MODEL) {
            main.requirePictureModel(separate);
        } else {
            main.requireDiffusionModel(separate);
        }
    }

    private void checkParts() {
        files.forEach((part, file) -> {
            switch (part) {
                case VAE -> file.requireVae();
                case TINY_AUTOENCODER -> file.requireTinyAutoencoder();
                case CLIP_L -> file.requireTextEncoder(ModelComponent.CLIP_L);
                case CLIP_G -> file.requireTextEncoder(ModelComponent.CLIP_G);
                case T5 -> file.requireTextEncoder(ModelComponent.T5);
                case LLM -> file.requireTextEncoder(ModelComponent.LLM);
                // The main files are checked with all others in view; the vision part has no fixed form.
                case MODEL, DIFFUSION_MODEL, LLM_VISION -> {}
            }
        });
    }

    private void checkEmbeddings(ModelFile main, Map<String, Path> embeddings) {
        for (Path path : embeddings.values()) {
            if (!main.family().isStableDiffusion1() && !main.family().isStableDiffusion2()) {
                throw new ModelFileException(path
                        + " cannot be used: the runtime takes textual inversions for SD 1.x and SD 2.x," + " and "
                        + main.path() + " is of the family " + main.family().displayName());
            }
            ModelFile.read(path).requireTextualInversion(tokenEmbeddingWidth(path));
        }
    }

    private int tokenEmbeddingWidth(Path embedding) {
        return Stream.of(Part.CLIP_L, Part.MODEL)
                .filter(files::containsKey)
                .flatMap(part -> files.get(part).tensors().stream())
                .filter(tensor -> tensor.name().endsWith("token_embedding.weight"))
                .map(TensorInfo::shape)
                .mapToInt(shape -> Math.toIntExact(shape.getLast()))
                .findFirst()
                .orElseThrow(() -> new ModelFileException(
                        embedding + " cannot be used: this model has no CLIP text encoder to add it to"));
    }
}
