package dev.diffusion4j.cli.options;

import dev.diffusion4j.ModelOpener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Files that take the place of parts of the model, or join it. */
public final class ModelFileOptions {

    @Option(names = "--vae", paramLabel = "FILE", description = "A VAE in place of the model's.")
    private Path vae;

    @Option(
            names = {"--taesd", "--tae"},
            paramLabel = "FILE",
            description = "A tiny autoencoder in place of the VAE: much faster, a little less exact.")
    private Path tinyAutoencoder;

    @Option(names = "--taesd-preview-only", description = "Use the tiny autoencoder for previews alone.")
    private boolean tinyAutoencoderForPreviewsOnly;

    @Option(
            names = "--diffusion-model",
            paramLabel = "FILE",
            description = "The diffusion model (U-Net or transformer); takes the place of -m.")
    private Path diffusionModel;

    @Option(
            names = {"--clip-l", "--clip_l"},
            paramLabel = "FILE",
            description = "The CLIP-L text encoder.")
    private Path clipL;

    @Option(
            names = {"--clip-g", "--clip_g"},
            paramLabel = "FILE",
            description = "The CLIP-G text encoder.")
    private Path clipG;

    @Option(names = "--t5xxl", paramLabel = "FILE", description = "The T5-XXL text encoder.")
    private Path t5;

    @Option(
            names = "--llm",
            paramLabel = "FILE",
            description = "The language model that newer families read text with.")
    private Path languageModel;

    @Option(
            names = {"--llm-vision", "--llm_vision"},
            paramLabel = "FILE",
            description = "The language model's vision part.")
    private Path languageModelVision;

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

    /** Sets on the options what was given. */
    public void applyTo(ModelOpener options) {
        if (vae != null) {
            options.vae(vae);
        }
        if (tinyAutoencoder != null && tinyAutoencoderForPreviewsOnly) {
            options.previewAutoencoder(tinyAutoencoder);
        } else if (tinyAutoencoder != null) {
            options.tinyAutoencoder(tinyAutoencoder);
        }
        if (diffusionModel != null) {
            options.diffusionModel(diffusionModel);
        }
        if (clipL != null) {
            options.clipL(clipL);
        }
        if (clipG != null) {
            options.clipG(clipG);
        }
        if (t5 != null) {
            options.t5(t5);
        }
        if (languageModel != null) {
            options.languageModel(languageModel);
        }
        if (languageModelVision != null) {
            options.languageModelVision(languageModelVision);
        }
        if (loraFolder != null) {
            options.loraFolder(loraFolder);
        }
        embeddings.forEach(embedding -> options.embedding(embedding.name(), embedding.file()));
    }
}
