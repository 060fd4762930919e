package dev.diffusion4j.request;

import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.RandomSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How a model is opened. Immutable, equal if the same options have equal values, usable for several models. An option that was
 * not given is what the model's file, or the machine, makes usual.
 */
public final class ModelOptions {

    /** How many generations may wait without {@link ModelOptionsBuilder#queueCapacity(int)}. */
    public static final int DEFAULT_QUEUE_CAPACITY = 64;

    /** Without any option. */
    public static final ModelOptions DEFAULT = new ModelOptions(OptionSet.EMPTY);

    private static final JsonType<DeviceChoice> DEVICE_TYPE = JsonType.of(
            DeviceChoice::toString,
            json -> DeviceChoice.parse(JsonType.of(String.class).read(json)));

    static final Option<Map<ModelComponent, Path>> COMPONENTS =
            Option.of("components", JsonType.mapOf(ModelComponent.class, JsonType.of(Path.class)));
    static final Option<String> VARIANT = Option.of("variant", String.class, ModelOptions::checkVariant);
    static final Option<Boolean> TINY_AUTOENCODER_FOR_PREVIEWS_ONLY =
            Option.of("tinyAutoencoderForPreviewsOnly", Boolean.class);
    static final Option<Map<String, Path>> EMBEDDINGS =
            new Option<>("embeddings", JsonType.mapOf(JsonType.of(Path.class)), ModelOptions::checkWords);
    static final Option<Map<String, Path>> CONTROL_NETS =
            Option.of("controlNets", JsonType.mapOf(JsonType.of(Path.class)));
    static final Option<Path> PHOTO_MAKER = Option.of("photoMaker", Path.class);
    static final Option<WeightType> WEIGHT_TYPE = Option.of("weightType", WeightType.class);
    static final Option<String> WEIGHT_TYPE_RULES = Option.of("weightTypeRules", String.class, WeightTypeRules::parse);
    static final Option<Integer> THREADS =
            Option.of("threads", Integer.class, count -> Checks.range("threads", count, 1, 512));
    static final Option<Boolean> MEMORY_MAP = Option.of("memoryMap", Boolean.class);
    static final Option<FlashAttention> FLASH_ATTENTION = Option.of("flashAttention", FlashAttention.class);
    static final Option<Boolean> DIFFUSION_CONV_DIRECT = Option.of("diffusionConvDirect", Boolean.class);
    static final Option<Boolean> VAE_CONV_DIRECT = Option.of("vaeConvDirect", Boolean.class);
    static final Option<Seamless> SEAMLESS = Option.of("seamless", Seamless.class);
    static final Option<Boolean> FORCE_SDXL_VAE_CONV_SCALE = Option.of("forceSdxlVaeConvScale", Boolean.class);
    static final Option<RandomSource> RANDOM = Option.of("random", RandomSource.class);
    static final Option<RandomSource> SAMPLER_RANDOM = Option.of("samplerRandom", RandomSource.class);
    static final Option<PredictionType> PREDICTION =
            Option.of("prediction", PredictionType.class, ModelOptions::checkPrediction);
    static final Option<LoraMode> LORA_MODE = Option.of("loraMode", LoraMode.class);
    static final Option<Path> LORA_FOLDER = Option.of("loraFolder", Path.class);
    static final Option<DeviceChoice> DEVICE = Option.of("device", DEVICE_TYPE);
    static final Option<Map<ComponentKind, DeviceChoice>> COMPONENT_DEVICES =
            Option.of("componentDevices", JsonType.mapOf(ComponentKind.class, DEVICE_TYPE));
    static final Option<Boolean> OFFLOAD_TO_CPU = Option.of("offloadToCpu", Boolean.class);
    static final Option<MemoryBudget> MEMORY_BUDGET = Option.of("memoryBudget", MemoryBudget.class);
    static final Option<Boolean> STREAM_LAYERS = Option.of("streamLayers", Boolean.class);
    static final Option<IsolatedOptions> ISOLATION = Option.of("isolation", IsolatedOptions.class);
    static final Option<Integer> QUEUE_CAPACITY =
            Option.of("queueCapacity", Integer.class, size -> Checks.range("queueCapacity", size, 0, 1_000_000));
    static final List<Option<?>> OPTIONS = List.of(
            COMPONENTS,
            VARIANT,
            TINY_AUTOENCODER_FOR_PREVIEWS_ONLY,
            EMBEDDINGS,
            CONTROL_NETS,
            PHOTO_MAKER,
            WEIGHT_TYPE,
            WEIGHT_TYPE_RULES,
            THREADS,
            MEMORY_MAP,
            FLASH_ATTENTION,
            DIFFUSION_CONV_DIRECT,
            VAE_CONV_DIRECT,
            SEAMLESS,
            FORCE_SDXL_VAE_CONV_SCALE,
            RANDOM,
            SAMPLER_RANDOM,
            PREDICTION,
            LORA_MODE,
            LORA_FOLDER,
            DEVICE,
            COMPONENT_DEVICES,
            OFFLOAD_TO_CPU,
            MEMORY_BUDGET,
            STREAM_LAYERS,
            ISOLATION,
            QUEUE_CAPACITY);

    private final OptionSet options;

    ModelOptions(OptionSet options) {
        this.options = options;
    }

    /** A builder of options. */
    public static final class Builder extends ModelOptionsBuilder<Builder> {

        private Builder(ModelOptions start) {
            super(start);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** The options. */
        public ModelOptions build() {
            return options();
        }
    }

    /** A builder of options. */
    public static Builder builder() {
        return DEFAULT.toBuilder();
    }

    /** A builder that begins with these. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    private static void checkWords(Map<String, Path> words) {
        for (String word : words.keySet()) {
            if (word.isBlank() || word.chars().anyMatch(Character::isWhitespace)) {
                throw new InvalidRequestException("embedding", "'" + word + "'", "a word without spaces");
            }
        }
    }

    private static void checkVariant(String name) {
        if (!name.matches("[\\w-]{1,100}")) {
            throw new InvalidRequestException("variant", name, "a name such as fp16");
        }
    }

    private static void checkPrediction(PredictionType type) {
        if (type == PredictionType.SAMPLE) {
            throw new InvalidRequestException("prediction", type, "another one: no model of the runtime predicts that");
        }
    }

    /** The components that are files of their own. */
    public Map<ModelComponent, Path> components() {
        return options.get(COMPONENTS, Map.of());
    }

    /** Which files of a folder of diffusers are taken, if that was said. */
    public Optional<String> variant() {
        return options.get(VARIANT);
    }

    /** Whether the tiny autoencoder is for previews alone. */
    public boolean tinyAutoencoderForPreviewsOnly() {
        return options.get(TINY_AUTOENCODER_FOR_PREVIEWS_ONLY, false);
    }

    /** The files of textual inversions by their words. */
    public Map<String, Path> embeddings() {
        return options.get(EMBEDDINGS, Map.of());
    }

    /** The files of ControlNets by their names, in order. */
    public Map<String, Path> controlNets() {
        return options.get(CONTROL_NETS, Map.of());
    }

    /** The file of PhotoMaker, if there is one. */
    public Optional<Path> photoMaker() {
        return options.get(PHOTO_MAKER);
    }

    /** The type that weights are converted to, if they are. */
    public Optional<WeightType> weightType() {
        return options.get(WEIGHT_TYPE);
    }

    /** Weight types of single tensors, if there are some. */
    public Optional<String> weightTypeRules() {
        return options.get(WEIGHT_TYPE_RULES);
    }

    /** Threads for work on the CPU, if they were given. */
    public OptionalInt threads() {
        return options.get(THREADS).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    /** Whether weight files are mapped into memory. */
    public boolean memoryMap() {
        return options.get(MEMORY_MAP, false);
    }

    /** Where flash attention is used. */
    public FlashAttention flashAttention() {
        return options.get(FLASH_ATTENTION, FlashAttention.DENOISER);
    }

    /** Whether the denoiser's convolutions are direct. */
    public boolean diffusionConvDirect() {
        return options.get(DIFFUSION_CONV_DIRECT, false);
    }

    /** Whether the VAE's convolutions are direct. */
    public boolean vaeConvDirect() {
        return options.get(VAE_CONV_DIRECT, false);
    }

    /** Which edges fit each other, if some do. */
    public Optional<Seamless> seamless() {
        return options.get(SEAMLESS);
    }

    /** Whether the SDXL VAE's convolutions are scaled. */
    public boolean forceSdxlVaeConvScale() {
        return options.get(FORCE_SDXL_VAE_CONV_SCALE, false);
    }

    /** Where noise comes from. */
    public RandomSource random() {
        return options.get(RANDOM, RandomSource.CUDA);
    }

    /** Where the noise that samplers add comes from, if not from {@link #random()}. */
    public Optional<RandomSource> samplerRandom() {
        return options.get(SAMPLER_RANDOM);
    }

    /** What the model predicts, if the file does not say it. */
    public Optional<PredictionType> prediction() {
        return options.get(PREDICTION);
    }

    /** When LoRAs are merged into the weights. */
    public LoraMode loraMode() {
        return options.get(LORA_MODE, LoraMode.AUTO);
    }

    /** The folder of the LoRAs that prompts name, if there is one. */
    public Optional<Path> loraFolder() {
        return options.get(LORA_FOLDER);
    }

    /** The device of the whole model. */
    public DeviceChoice device() {
        return options.get(DEVICE, DeviceChoice.auto());
    }

    /** The devices of single components. */
    public Map<ComponentKind, DeviceChoice> componentDevices() {
        return options.get(COMPONENT_DEVICES, Map.of());
    }

    /** Whether weights stay in RAM until they are needed. */
    public boolean offloadToCpu() {
        return options.get(OFFLOAD_TO_CPU, false) || streamLayers();
    }

    /** The memory that weights may take, if it is limited. */
    public Optional<MemoryBudget> memoryBudget() {
        return options.get(MEMORY_BUDGET);
    }

    /** Whether layers are fetched while others compute. */
    public boolean streamLayers() {
        return options.get(STREAM_LAYERS, false);
    }

    /** How the model runs in a process of its own, if it does. */
    public Optional<IsolatedOptions> isolation() {
        return options.get(ISOLATION);
    }

    /** How many generations may wait. */
    public int queueCapacity() {
        return options.get(QUEUE_CAPACITY, DEFAULT_QUEUE_CAPACITY);
    }

    OptionSet options() {
        return options;
    }

    /** The options as a JSON object; {@link #fromJson} reads it back without loss. */
    public String toJson() {
        return Json.write(options.toJson(OPTIONS));
    }

    /**
     * Reads options.
     *
     * @throws InvalidRequestException if the text is no JSON, or none of options
     */
    public static ModelOptions fromJson(String json) {
        try {
            return new ModelOptions(OptionSet.fromJson(Json.read(json), OPTIONS));
        } catch (JsonFormatException e) {
            throw new InvalidRequestException("json", e.getMessage(), "options as toJson() writes them");
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ModelOptions model && options.equals(model.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** The options that were given, as JSON. */
    @Override
    public String toString() {
        return options.toString();
    }
}
