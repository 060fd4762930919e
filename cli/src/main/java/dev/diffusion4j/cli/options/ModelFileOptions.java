package dev.diffusion4j.cli.options;

import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.model.NamedModel;
import dev.diffusion4j.hub.ModelPart;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Files that take the place of parts of the model, or join it. */
public final class ModelFileOptions {

    @Option(names = "--vae", paramLabel = "FILE|NAME", description = "A VAE in place of the model's.")
    private Path vae;

    @Option(
            names = {"--taesd", "--tae"},
            paramLabel = "FILE|NAME",
            description = "A tiny autoencoder in place of the VAE: much faster, a little less exact.")
    private Path tinyAutoencoder;

    @Option(names = "--taesd-preview-only", description = "Use the tiny autoencoder for previews alone.")
    private boolean tinyAutoencoderForPreviewsOnly;

    @Option(
            names = "--diffusion-model",
            paramLabel = "FILE|NAME",
            description = "The diffusion model (U-Net or transformer); takes the place of -m.")
    private Path diffusionModel;

    @Option(
            names = {"--clip-l", "--clip_l"},
            paramLabel = "FILE|NAME",
            description = "The CLIP-L text encoder.")
    private Path clipL;

    @Option(
            names = {"--clip-g", "--clip_g"},
            paramLabel = "FILE|NAME",
            description = "The CLIP-G text encoder.")
    private Path clipG;

    @Option(names = "--t5xxl", paramLabel = "FILE|NAME", description = "The T5-XXL text encoder.")
    private Path t5;

    @Option(
            names = "--llm",
            paramLabel = "FILE|NAME",
            description = "The language model that newer families read text with.")
    private Path languageModel;

    @Option(
            names = {"--llm-vision", "--llm_vision"},
            paramLabel = "FILE|NAME",
            description = "The language model's vision part.")
    private Path languageModelVision;

    @Option(
            names = {"--high-noise-diffusion-model", "--high_noise_diffusion_model"},
            paramLabel = "FILE|NAME",
            description = "The diffusion model of the noisy half of the steps, for Wan 2.2.")
    private Path highNoiseDiffusionModel;

    @Option(
            names = {"--clip-vision", "--clip_vision"},
            paramLabel = "FILE|NAME",
            description = "The vision half of a CLIP, for Wan 2.1's image-to-video.")
    private Path clipVision;

    @Option(
            names = "--embeddings-connectors",
            paramLabel = "FILE|NAME",
            description = "What stands between LTX's language model and its transformer.")
    private Path embeddingsConnectors;

    @Option(
            names = "--audio-vae",
            paramLabel = "FILE|NAME",
            description = "LTX's autoencoder for what is heard; without it its videos are silent.")
    private Path audioVae;

    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description =
                    "Which files of a folder of diffusers, such as fp16; those of no variant, or the only ones, without it.")
    private String variant;

    @Option(
            names = "--embedding",
            paramLabel = "NAME=FILE",
            description =
                    "A textual inversion, and the word that stands for it in prompts, in any case; may be given more than once.")
    private List<EmbeddingArgument> embeddings = List.of();

    @Option(
            names = {"--lora-dir", "--lora-model-dir"},
            paramLabel = "FOLDER",
            description = "Where the LoRAs are that a prompt names: <lora:NAME>, <lora:NAME:WEIGHT> or"
                    + " <lora:NAME:TEXT_ENCODER:UNET>. Folders below it are searched, too.")
    private Path loraFolder;

    /** Whether the diffusion model was given, so that there need not be a model file. */
    public boolean hasDiffusionModel() {
        return diffusionModel != null;
    }

    /** The diffusion model's file, if it was given. */
    public Optional<Path> diffusionModel() {
        return Optional.ofNullable(diffusionModel);
    }

    /** Where the LoRAs are that requests name, if that was given. */
    public Optional<Path> loraFolder() {
        return Optional.ofNullable(loraFolder);
    }

    /**
     * Finds the files of a model, of which names are looked up and may be downloaded.
     *
     * @param model its file or name, if it was given
     */
    public ModelFiles find(ModelFinder finder, Optional<Path> model) {
        Map<ModelPart, Path> parts = findParts(finder);
        Optional<NamedModel> found = model.map(typed -> finder.findModel(typed, parts.keySet()));
        found.ifPresent(named -> parts.putAll(named.parts()));
        return new ModelFiles(parts, findEmbeddings(finder), found.flatMap(NamedModel::entry));
    }

    private Map<ModelPart, Path> findParts(ModelFinder finder) {
        Map<ModelPart, Path> parts = new EnumMap<>(ModelPart.class);
        parts.put(ModelPart.DIFFUSION_MODEL, diffusionModel);
        parts.put(ModelPart.VAE, vae);
        parts.put(ModelPart.TAESD, tinyAutoencoder);
        parts.put(ModelPart.CLIP_L, clipL);
        parts.put(ModelPart.CLIP_G, clipG);
        parts.put(ModelPart.T5XXL, t5);
        parts.put(ModelPart.LLM, languageModel);
        parts.put(ModelPart.LLM_VISION, languageModelVision);
        parts.put(ModelPart.HIGH_NOISE_DIFFUSION_MODEL, highNoiseDiffusionModel);
        parts.put(ModelPart.CLIP_VISION, clipVision);
        parts.put(ModelPart.EMBEDDINGS_CONNECTORS, embeddingsConnectors);
        parts.put(ModelPart.AUDIO_VAE, audioVae);
        parts.values().removeIf(typed -> typed == null);
        parts.replaceAll((part, typed) -> finder.find(typed, part));
        return parts;
    }

    private List<EmbeddingArgument> findEmbeddings(ModelFinder finder) {
        return embeddings.stream()
                .map(embedding -> new EmbeddingArgument(embedding.name(), finder.findMain(embedding.file())))
                .toList();
    }

    /** Sets on the options what was found. */
    public void applyTo(ModelOpener options, ModelFiles found) {
        found.parts().forEach((part, file) -> {
            switch (part) {
                // Opened with the options.
                case MODEL -> {}
                case DIFFUSION_MODEL -> options.diffusionModel(file);
                case VAE -> options.vae(file);
                case TAESD -> applyTinyAutoencoder(options, file);
                case CLIP_L -> options.clipL(file);
                case CLIP_G -> options.clipG(file);
                case T5XXL -> options.t5(file);
                case LLM -> options.languageModel(file);
                case LLM_VISION -> options.languageModelVision(file);
                case HIGH_NOISE_DIFFUSION_MODEL -> options.highNoiseDiffusionModel(file);
                case CLIP_VISION -> options.clipVision(file);
                case EMBEDDINGS_CONNECTORS -> options.embeddingsConnectors(file);
                case AUDIO_VAE -> options.audioVae(file);
            }
        });
        if (variant != null) {
            options.variant(variant);
        }
        if (loraFolder != null) {
            options.loraFolder(loraFolder);
        }
        found.embeddings().forEach(embedding -> options.embedding(embedding.name(), embedding.file()));
    }

    private void applyTinyAutoencoder(ModelOpener options, Path file) {
        if (tinyAutoencoderForPreviewsOnly) {
            options.previewAutoencoder(file);
        } else {
            options.tinyAutoencoder(file);
        }
    }
}
