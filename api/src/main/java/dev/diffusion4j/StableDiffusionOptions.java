package dev.diffusion4j;

import dev.diffusion4j.internal.ModelParameters;
import dev.diffusion4j.internal.ModelParameters.Part;
import dev.diffusion4j.model.ModelFile;
import dev.diffusion4j.runtime.DeviceChoice;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * How to open a model. Made by {@link StableDiffusion#options()}; ends with {@link #open(Path)} or, where the diffusion
 * model has a file of its own, {@link #open()}. Used by one thread; may be used for several models.
 */
public final class StableDiffusionOptions {

    /** How many generations may wait without {@link #queueCapacity(int)}. */
    public static final int DEFAULT_QUEUE_CAPACITY = 64;

    private static final int MAX_RULE_LENGTH = 500;

    /** The parts of a model that may run on devices of their own. */
    public enum ModelPart {
        DIFFUSION_MODEL,
        TEXT_ENCODER,
        VAE
    }

    private final Map<Part, Path> files = new EnumMap<>(Part.class);
    private final Map<String, Path> embeddings = new LinkedHashMap<>();
    private final Map<ModelPart, DeviceChoice> partDevices = new EnumMap<>(ModelPart.class);
    private DeviceChoice device = DeviceChoice.auto();
    private Optional<WeightType> weightType = Optional.empty();
    private Optional<String> tensorTypeRules = Optional.empty();
    private int threads;
    private boolean memoryMap;
    private boolean flashAttention;
    private boolean diffusionFlashAttention = true;
    private boolean diffusionConvDirect;
    private boolean vaeConvDirect;
    private boolean seamlessX;
    private boolean seamlessY;
    private boolean tinyAutoencoderForPreviewsOnly;
    private boolean forceSdxlVaeConvScale;
    private RandomSource random = RandomSource.CUDA;
    private Optional<RandomSource> samplerRandom = Optional.empty();
    private Optional<Prediction> prediction = Optional.empty();
    private LoraMode loraMode = LoraMode.AUTO;
    private Optional<Path> loraFolder = Optional.empty();
    private double vramBudgetGib;
    private boolean streamLayers;
    private boolean offloadToCpu;
    private Optional<IsolatedOptions> isolation = Optional.empty();
    private int queueCapacity = DEFAULT_QUEUE_CAPACITY;

    StableDiffusionOptions() {}

    /** A VAE of its own, in place of the model's. */
    public StableDiffusionOptions vae(Path file) {
        return file(Part.VAE, file);
    }

    /** A tiny autoencoder (TAESD) in place of the VAE: much faster, a little less exact. */
    public StableDiffusionOptions tinyAutoencoder(Path file) {
        tinyAutoencoderForPreviewsOnly = false;
        return file(Part.TINY_AUTOENCODER, file);
    }

    /** A tiny autoencoder (TAESD) for previews alone. */
    public StableDiffusionOptions previewAutoencoder(Path file) {
        tinyAutoencoderForPreviewsOnly = true;
        return file(Part.TINY_AUTOENCODER, file);
    }

    /** The CLIP-L text encoder in a file of its own. */
    public StableDiffusionOptions clipL(Path file) {
        return file(Part.CLIP_L, file);
    }

    /** The CLIP-G text encoder in a file of its own. */
    public StableDiffusionOptions clipG(Path file) {
        return file(Part.CLIP_G, file);
    }

    /** The T5-XXL text encoder in a file of its own. */
    public StableDiffusionOptions t5(Path file) {
        return file(Part.T5, file);
    }

    /** The language model that newer families use as text encoder. */
    public StableDiffusionOptions languageModel(Path file) {
        return file(Part.LLM, file);
    }

    /** The vision part of the language model. */
    public StableDiffusionOptions languageModelVision(Path file) {
        return file(Part.LLM_VISION, file);
    }

    /** The diffusion model (U-Net or transformer) in a file of its own. */
    public StableDiffusionOptions diffusionModel(Path file) {
        return file(Part.DIFFUSION_MODEL, file);
    }

    /**
     * Loads a textual-inversion embedding, for SD 1.x and SD 2.x. What {@link TextualInversion} reads is converted for the
     * runtime: a temporary file of it lives as long as the model is open.
     *
     * @param name the word that stands for it in prompts, in upper or lower case; it is found wherever it stands, inside
     *     other words too, and of two words at one place the longer is taken
     * @param file the embedding file: f32, f16, bf16 or f64 in safetensors or a PyTorch checkpoint
     * @throws InvalidRequestException if the name is empty or has blanks in it; two that differ in upper and lower case alone
     *     are refused when the model is opened
     */
    public StableDiffusionOptions embedding(String name, Path file) {
        if (name.isBlank() || name.chars().anyMatch(Character::isWhitespace)) {
            throw new InvalidRequestException("embedding", "'" + name + "'", "a word without spaces");
        }
        embeddings.put(name, Objects.requireNonNull(file, "file"));
        return this;
    }

    /** Converts weights to this type while loading; as the file has them without it. */
    public StableDiffusionOptions weightType(WeightType type) {
        weightType = Optional.of(type);
        return this;
    }

    /**
     * Weight types for single tensors: {@code regex=type} rules separated by commas, such as
     * {@code ^first_stage_model=f32,attn=q8_0}. The first that matches a tensor's name applies. An expression has at
     * most 500 characters.
     */
    public StableDiffusionOptions weightTypeRules(String rules) {
        for (String rule : rules.split(",", -1)) {
            String[] sides = rule.split("=", 2);
            if (sides.length != 2 || sides[0].isBlank()) {
                throw new InvalidRequestException("weightTypeRules", rule, "regex=type");
            }
            // Regular expressions are compiled recursively, in Java and in the runtime.
            if (sides[0].length() > MAX_RULE_LENGTH) {
                throw new InvalidRequestException(
                        "weightTypeRules", rule.length() + " characters", "at most " + MAX_RULE_LENGTH);
            }
            WeightType.of(sides[1]);
            try {
                Pattern.compile(sides[0]);
            } catch (PatternSyntaxException e) {
                throw new InvalidRequestException("weightTypeRules", sides[0], "a regular expression");
            }
        }
        tensorTypeRules = Optional.of(rules);
        return this;
    }

    /**
     * Threads for work on the CPU, 1 to 512. Without it one per physical core, but no more than the processors that this JVM
     * sees ({@link Runtime#availableProcessors()}), which knows the CPU quota of a container and {@code taskset}.
     */
    public StableDiffusionOptions threads(int count) {
        threads = Checks.range("threads", count, 1, 512);
        return this;
    }

    /**
     * Maps the weight files into memory in place of reading them: a large model opens faster. A file that is cut short or
     * becomes unreachable while it is mapped ends the process by SIGBUS, where reading is an exception: map files that nobody
     * changes, or open the model {@linkplain #isolated() isolated}.
     */
    public StableDiffusionOptions memoryMap(boolean map) {
        memoryMap = map;
        return this;
    }

    /** Flash attention in the text encoders and the VAE, too: less memory, often faster. */
    public StableDiffusionOptions flashAttention(boolean use) {
        flashAttention = use;
        return this;
    }

    /**
     * Flash attention (Dao et al. 2022) in the diffusion model: on without this. It keeps keys and values in f16 and never holds
     * all scores at once, so it is faster and takes less memory; on the CPU twice as fast at 512x512.
     */
    public StableDiffusionOptions diffusionFlashAttention(boolean use) {
        diffusionFlashAttention = use;
        return this;
    }

    /**
     * Direct convolutions in the diffusion model: less memory; on a GPU it depends on the device whether they are faster. On
     * this machine's CPU it changes nothing: the convolutions that are faster that way are always computed so. With a server
     * that computes on a CPU it gives the same speed and picture as here.
     */
    public StableDiffusionOptions diffusionConvDirect(boolean use) {
        diffusionConvDirect = use;
        return this;
    }

    /** Direct convolutions in the VAE, likewise. */
    public StableDiffusionOptions vaeConvDirect(boolean use) {
        vaeConvDirect = use;
        return this;
    }

    /** Makes pictures whose edges fit each other, for tiling textures. */
    public StableDiffusionOptions seamless(boolean horizontally, boolean vertically) {
        seamlessX = horizontally;
        seamlessY = vertically;
        return this;
    }

    /** Scales the SDXL VAE's convolutions, which avoids black pictures in half precision. */
    public StableDiffusionOptions forceSdxlVaeConvScale(boolean force) {
        forceSdxlVaeConvScale = force;
        return this;
    }

    /** Where noise comes from; {@link RandomSource#CUDA} without it. */
    public StableDiffusionOptions random(RandomSource source) {
        random = Objects.requireNonNull(source, "source");
        return this;
    }

    /** Where the noise that samplers add comes from; the same as {@link #random(RandomSource)} without it. */
    public StableDiffusionOptions samplerRandom(RandomSource source) {
        samplerRandom = Optional.of(source);
        return this;
    }

    /** What the model predicts, where the file does not say it. */
    public StableDiffusionOptions prediction(Prediction kind) {
        prediction = Optional.of(kind);
        return this;
    }

    /** When LoRAs are merged into the weights. */
    public StableDiffusionOptions loraMode(LoraMode mode) {
        loraMode = Objects.requireNonNull(mode, "mode");
        return this;
    }

    /**
     * The folder of the LoRAs that prompts name, as {@code <lora:name:0.8>}: see {@link dev.diffusion4j.text.LoraTags} for
     * all forms. A name is that of a file in the folder or below it, with or without {@code .safetensors} or another model
     * file's ending. Without a folder, what prompts name is left out with a warning.
     */
    public StableDiffusionOptions loraFolder(Path folder) {
        loraFolder = Optional.of(folder);
        return this;
    }

    /** The device that the model runs on; {@link DeviceChoice#auto()} without it. */
    public StableDiffusionOptions device(DeviceChoice choice) {
        device = Objects.requireNonNull(choice, "choice");
        return this;
    }

    /** The device that one part of the model runs on, in place of the whole model's. */
    public StableDiffusionOptions device(ModelPart part, DeviceChoice choice) {
        partDevices.put(part, Objects.requireNonNull(choice, "choice"));
        return this;
    }

    /** Keeps weights in RAM and brings them to the device when they are needed. */
    public StableDiffusionOptions offloadToCpu(boolean offload) {
        offloadToCpu = offload;
        return this;
    }

    /** Device memory that weights may take, in GiB: 0 without limit, -1 for what is free less one. */
    public StableDiffusionOptions vramBudget(double gib) {
        if (gib != -1) {
            Checks.range("vramBudget", gib, 0, 4096);
        }
        vramBudgetGib = gib;
        return this;
    }

    /**
     * With a {@link #vramBudget(double)}: keeps weights in RAM, as {@link #offloadToCpu(boolean)} does, and fetches the
     * next layers while the current ones compute.
     */
    public StableDiffusionOptions streamLayers(boolean stream) {
        streamLayers = stream;
        return this;
    }

    /** As {@link #isolated(IsolatedOptions)}, with {@link IsolatedOptions#DEFAULT}. */
    public StableDiffusionOptions isolated() {
        return isolated(IsolatedOptions.DEFAULT);
    }

    /**
     * Runs the model in a process of its own, a child JVM: if native code crashes, is killed or hangs there, the call in
     * progress throws {@link IsolatedProcessException}, and the next call starts a new process that opens the model
     * again. {@link IsolatedOptions} says more.
     */
    public StableDiffusionOptions isolated(IsolatedOptions options) {
        isolation = Optional.of(options);
        return this;
    }

    /**
     * How many generations may wait while another one runs, 0 to 1,000,000; {@value #DEFAULT_QUEUE_CAPACITY} without it. One
     * more is refused with {@link QueueFullException} when it is started. 0 refuses everything while the model draws. A
     * generation that waits holds its request and the pictures that were given with it; calls of single parts are not counted.
     */
    public StableDiffusionOptions queueCapacity(int generations) {
        queueCapacity = Checks.range("queueCapacity", generations, 0, 1_000_000);
        return this;
    }

    /**
     * Opens a model file. The file and all files given here are checked before native code sees them.
     *
     * @throws ModelFileException if a file is missing, damaged or not what it is given as
     * @throws DeviceUnavailableException if a device is not there
     * @throws NativeLibraryException if the native library cannot be used here
     * @throws InvalidRequestException if options contradict each other
     */
    public StableDiffusion open(Path model) {
        return open(Part.MODEL, model);
    }

    /** Opens a model whose parts were all given by {@link #diffusionModel(Path)} and the like. */
    public StableDiffusion open() {
        Path diffusionModel = files.get(Part.DIFFUSION_MODEL);
        if (diffusionModel == null) {
            throw new InvalidRequestException("diffusionModel", "absent", "given when there is no model file");
        }
        return open(Part.DIFFUSION_MODEL, diffusionModel);
    }

    private StableDiffusion open(Part mainPart, Path mainPath) {
        if (streamLayers && vramBudgetGib == 0) {
            throw new InvalidRequestException("streamLayers", true, "used with a vramBudget");
        }
        Optional<LoraFolder> loras = loraFolder.map(LoraFolder::new);
        Map<Part, Path> allFiles = new EnumMap<>(files);
        allFiles.put(mainPart, mainPath);
        requireDifferentWords();
        ModelFile main = ModelFileChecks.check(mainPart, allFiles, tinyAutoencoderForPreviewsOnly, embeddings);
        LearnedFiles inversions = LearnedFiles.load(embeddings);
        return StableDiffusion.open(
                parameters(allFiles, inversions.files()), main, inversions, loras, isolation, queueCapacity);
    }

    private void requireDifferentWords() {
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

    ModelParameters parameters(Map<Part, Path> allFiles, Map<String, Path> learnedWords) {
        return new ModelParameters(
                Map.copyOf(allFiles),
                learnedWords,
                weightType,
                tensorTypeRules,
                threads,
                Runtime.getRuntime().availableProcessors(),
                memoryMap,
                flashAttention,
                diffusionFlashAttention,
                diffusionConvDirect,
                vaeConvDirect,
                seamlessX,
                seamlessY,
                tinyAutoencoderForPreviewsOnly,
                forceSdxlVaeConvScale,
                random,
                samplerRandom,
                prediction,
                loraMode,
                vramBudgetGib,
                streamLayers,
                device,
                Map.copyOf(partDevices),
                offloadToCpu || streamLayers);
    }

    private StableDiffusionOptions file(Part part, Path file) {
        files.put(part, Objects.requireNonNull(file, "file"));
        return this;
    }
}
