package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.DownloadListener;
import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.hub.ModelPart;
import dev.diffusion4j.hub.ModelReference;
import dev.diffusion4j.hub.ResolvedFile;
import dev.diffusion4j.hub.UnknownModelNameException;
import dev.diffusion4j.modelfile.ModelComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Models of files and of the hub. A file that exists is meant before any name. */
final class HubModelSource implements ModelSource {

    private static final DownloadListener LISTENER = new DownloadLog();

    private final ModelHub hub;

    HubModelSource(ModelHub hub) {
        this.hub = hub;
    }

    @Override
    public DiffusionModel open(ModelProperties properties, DownloadCancellation cancellation) {
        ModelOpener opener = opener(properties);
        properties.getComponents().forEach((component, typed) -> set(opener, component, find(typed, cancellation)));
        String model = properties.getModel();
        if (model == null) {
            return opener.open();
        }
        Optional<CatalogEntry> entry = entry(model);
        if (entry.isEmpty()) {
            return opener.open(findModel(model, cancellation));
        }
        return open(opener, entry.get(), properties.getComponents().keySet(), cancellation);
    }

    private DiffusionModel open(
            ModelOpener opener, CatalogEntry entry, Set<ModelComponent> given, DownloadCancellation cancellation) {
        Set<ModelPart> wanted = EnumSet.allOf(ModelPart.class);
        given.forEach(component -> wanted.remove(part(component)));
        Map<ModelPart, ResolvedFile> parts =
                hub.resolve(entry.only(wanted), LISTENER, cancellation).parts();
        for (ModelComponent component : ModelComponent.values()) {
            ResolvedFile file = parts.get(part(component));
            if (file != null) {
                set(opener, component, file.path());
            }
        }
        ResolvedFile whole = parts.get(ModelPart.MODEL);
        return whole == null ? opener.open() : opener.open(whole.path());
    }

    @Override
    public ModelDefaults usual(ModelProperties properties) {
        return Optional.ofNullable(properties.getModel())
                .flatMap(this::entry)
                .map(CatalogEntry::defaults)
                .orElse(ModelDefaults.NONE);
    }

    private Optional<CatalogEntry> entry(String typed) {
        return Files.isRegularFile(Path.of(typed))
                ? Optional.empty()
                : hub.catalog().find(typed);
    }

    private Path findModel(String typed, DownloadCancellation cancellation) {
        Path file = find(typed, cancellation);
        if (!Files.exists(file)) {
            try {
                hub.catalog().get(typed);
            } catch (UnknownModelNameException e) {
                throw new ModelFileException("there is no file " + typed + ", and " + e.getMessage(), e);
            }
        }
        return file;
    }

    private Path find(String typed, DownloadCancellation cancellation) {
        Path file = Path.of(typed);
        return Files.exists(file) || !ModelReference.isReference(typed)
                ? file
                : hub.resolve(ModelReference.parse(typed), LISTENER, cancellation)
                        .path();
    }

    /** The options of opening, without files. */
    static ModelOpener opener(ModelProperties properties) {
        ModelOpener opener = DiffusionModel.options();
        if (properties.getDevice() != null) {
            opener.device(DeviceChoice.parse(properties.getDevice()));
        }
        properties.getComponentDevices().forEach((kind, device) -> opener.device(kind, DeviceChoice.parse(device)));
        if (properties.getThreads() != null) {
            opener.threads(properties.getThreads());
        }
        if (properties.getWeightType() != null) {
            opener.weightType(properties.getWeightType());
        }
        if (properties.isIsolated()) {
            opener.isolated();
        }
        if (properties.getLoraFolder() != null) {
            opener.loraFolder(properties.getLoraFolder());
        }
        if (properties.getQueueCapacity() != null) {
            opener.queueCapacity(properties.getQueueCapacity());
        }
        return opener;
    }

    private static void set(ModelOpener opener, ModelComponent component, Path file) {
        Objects.requireNonNull(file, "file");
        switch (component) {
            case DIFFUSION_MODEL -> opener.diffusionModel(file);
            case CLIP_L -> opener.clipL(file);
            case CLIP_G -> opener.clipG(file);
            case T5 -> opener.t5(file);
            case LLM -> opener.languageModel(file);
            case LLM_VISION -> opener.languageModelVision(file);
            case HIGH_NOISE_DIFFUSION_MODEL -> opener.highNoiseDiffusionModel(file);
            case CLIP_VISION -> opener.clipVision(file);
            case EMBEDDINGS_CONNECTORS -> opener.embeddingsConnectors(file);
            case AUDIO_VAE -> opener.audioVae(file);
            case VAE -> opener.vae(file);
            case TINY_AUTOENCODER -> opener.tinyAutoencoder(file);
        }
    }

    private static ModelPart part(ModelComponent component) {
        return switch (component) {
            case DIFFUSION_MODEL -> ModelPart.DIFFUSION_MODEL;
            case CLIP_L -> ModelPart.CLIP_L;
            case CLIP_G -> ModelPart.CLIP_G;
            case T5 -> ModelPart.T5XXL;
            case LLM -> ModelPart.LLM;
            case LLM_VISION -> ModelPart.LLM_VISION;
            case HIGH_NOISE_DIFFUSION_MODEL -> ModelPart.HIGH_NOISE_DIFFUSION_MODEL;
            case CLIP_VISION -> ModelPart.CLIP_VISION;
            case EMBEDDINGS_CONNECTORS -> ModelPart.EMBEDDINGS_CONNECTORS;
            case AUDIO_VAE -> ModelPart.AUDIO_VAE;
            case VAE -> ModelPart.VAE;
            case TINY_AUTOENCODER -> ModelPart.TAESD;
        };
    }
}
