package dev.diffusion4j;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.OpenSpec;
import dev.diffusion4j.internal.ffm.NativeEngine;
import dev.diffusion4j.internal.isolated.IsolatedEngine;
import dev.diffusion4j.modelfile.DiffusersFolder;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.ModelOptionsBuilder;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The options of a model that is about to be opened. Ends with {@link #open(Path)} or, where each component has a file of its
 * own, {@link #open()}; may be used for several models. Used by one thread at a time.
 */
public final class ModelOpener extends ModelOptionsBuilder<ModelOpener> {

    ModelOpener(ModelOptions start) {
        super(start);
    }

    @Override
    protected ModelOpener self() {
        return this;
    }

    /** The options as a value. */
    public ModelOptions toOptions() {
        return options();
    }

    /**
     * Opens a model: a file, or the folder of a model as diffusers saves it ({@link DiffusersFolder}), whose parts are as if they
     * had been given one by one. All files are checked before native code sees them.
     *
     * @throws ModelFileException if a file is missing, damaged or not what it is given as
     * @throws dev.diffusion4j.error.DeviceUnavailableException if a device is not there
     * @throws dev.diffusion4j.error.NativeLibraryException if the native library cannot be used here
     * @throws InvalidRequestException if options contradict each other
     */
    public DiffusionModel open(Path model) {
        if (!DiffusersFolder.isAt(model)) {
            return open(Optional.of(model), name(model));
        }
        ModelOpener parts = new ModelOpener(options());
        parts.missingComponents(DiffusersFolder.read(model, options().variant()).components());
        return parts.open(Optional.empty(), name(model));
    }

    /** Opens a model whose components were all given by {@link #diffusionModel(Path)} and the like. */
    public DiffusionModel open() {
        Path denoiser = options().components().get(ModelComponent.DIFFUSION_MODEL);
        if (denoiser == null) {
            throw new InvalidRequestException("diffusionModel", "absent", "given when there is no model file");
        }
        return open(Optional.empty(), name(denoiser));
    }

    private static String name(Path path) {
        return path.toAbsolutePath().normalize().getFileName().toString();
    }

    private DiffusionModel open(Optional<Path> model, String name) {
        ModelOptions options = options();
        if (options.streamLayers() && options.memoryBudget().isEmpty()) {
            throw new InvalidRequestException("streamLayers", true, "used with a memoryBudget");
        }
        Optional<LoraFolder> loraFolder = options.loraFolder().map(LoraFolder::new);
        requireDifferentWords(options.embeddings());
        ModelFile main = ModelFileChecks.check(model, options);
        LearnedFiles inversions = LearnedFiles.load(options.embeddings());
        return EngineModel.open(() -> engine(model, options, inversions), name, main, options, inversions, loraFolder);
    }

    private static Engine engine(Optional<Path> model, ModelOptions options, LearnedFiles inversions) {
        OpenSpec spec = new OpenSpec(
                model, options, inversions.files(), Runtime.getRuntime().availableProcessors());
        return options.isolation()
                .<Engine>map(isolation -> IsolatedEngine.open(spec, isolation))
                .orElseGet(() -> NativeEngine.open(spec));
    }

    private static void requireDifferentWords(Map<String, Path> embeddings) {
        if (embeddings.isEmpty()) {
            return;
        }
        ClipTokenizer tokenizer = ClipTokenizer.load();
        for (String word : embeddings.keySet()) {
            try {
                tokenizer = tokenizer.withAddedToken(word, 1);
            } catch (InvalidRequestException e) {
                throw new InvalidRequestException("embedding", e.value(), e.allowed());
            }
        }
    }
}
