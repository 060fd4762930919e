package dev.diffusion4j.request;

import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.RandomSource;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The options that a model is opened with, each checked as it is given: {@link InvalidRequestException} names it. Used by one
 * thread at a time.
 *
 * @param <B> the builder's own type
 */
public abstract class ModelOptionsBuilder<B extends ModelOptionsBuilder<B>> {

    private OptionSet options;

    /** Begins with options. */
    protected ModelOptionsBuilder(ModelOptions start) {
        options = start.options();
    }

    /** This builder. */
    protected abstract B self();

    /** The options that were given so far. */
    protected final ModelOptions options() {
        return new ModelOptions(options);
    }

    private <T> B set(Option<T> option, T value) {
        options = options.with(option, value);
        return self();
    }

    private B component(ModelComponent component, Path file) {
        Map<ModelComponent, Path> all = new EnumMap<>(ModelComponent.class);
        all.putAll(options.get(ModelOptions.COMPONENTS, Map.of()));
        all.put(component, Objects.requireNonNull(file, "file"));
        return set(ModelOptions.COMPONENTS, Collections.unmodifiableMap(all));
    }

    /** A VAE of its own, in place of the model's. */
    public B vae(Path file) {
        return component(ModelComponent.VAE, file);
    }

    /**
     * A tiny autoencoder (TAESD and its kin, TAEHV for Qwen-Image) for the model's latents, in place of the VAE: much faster, a little
     * less exact.
     */
    public B tinyAutoencoder(Path file) {
        set(ModelOptions.TINY_AUTOENCODER_FOR_PREVIEWS_ONLY, false);
        return component(ModelComponent.TINY_AUTOENCODER, file);
    }

    /** A tiny autoencoder (TAESD) for previews alone; a file of its decoder will do. */
    public B previewAutoencoder(Path file) {
        set(ModelOptions.TINY_AUTOENCODER_FOR_PREVIEWS_ONLY, true);
        return component(ModelComponent.TINY_AUTOENCODER, file);
    }

    /** The CLIP-L text encoder in a file of its own. */
    public B clipL(Path file) {
        return component(ModelComponent.CLIP_L, file);
    }

    /** The CLIP-G text encoder in a file of its own. */
    public B clipG(Path file) {
        return component(ModelComponent.CLIP_G, file);
    }

    /** The vision half of a CLIP in a file of its own, for Wan 2.1's image-to-video. */
    public B clipVision(Path file) {
        return component(ModelComponent.CLIP_VISION, file);
    }

    /** The T5-XXL text encoder, or Wan's UMT5-XXL, in a file of its own. */
    public B t5(Path file) {
        return component(ModelComponent.T5, file);
    }

    /** The language model that newer families use as text encoder. */
    public B languageModel(Path file) {
        return component(ModelComponent.LLM, file);
    }

    /** The vision part of the language model. */
    public B languageModelVision(Path file) {
        return component(ModelComponent.LLM_VISION, file);
    }

    /** The diffusion model (U-Net or transformer) in a file of its own. */
    public B diffusionModel(Path file) {
        return component(ModelComponent.DIFFUSION_MODEL, file);
    }

    /** The diffusion model of the noisy half of the steps, which Wan 2.2's models of 14 billion weights have beside the other. */
    public B highNoiseDiffusionModel(Path file) {
        return component(ModelComponent.HIGH_NOISE_DIFFUSION_MODEL, file);
    }

    /** What stands between LTX's language model and its transformer, in a file of its own. */
    public B embeddingsConnectors(Path file) {
        return component(ModelComponent.EMBEDDINGS_CONNECTORS, file);
    }

    /** LTX's autoencoder for what is heard; without it its videos are silent. */
    public B audioVae(Path file) {
        return component(ModelComponent.AUDIO_VAE, file);
    }

    /** Which files of a folder of diffusers, such as {@code fp16}; without it those of no variant, or the only ones. */
    public B variant(String name) {
        return set(ModelOptions.VARIANT, name);
    }

    /** Components where none were given. */
    protected final B missingComponents(Map<ModelComponent, Path> files) {
        Map<ModelComponent, Path> all = new EnumMap<>(ModelComponent.class);
        all.putAll(files);
        all.putAll(options.get(ModelOptions.COMPONENTS, Map.of()));
        return set(ModelOptions.COMPONENTS, Collections.unmodifiableMap(all));
    }

    /**
     * Loads a textual-inversion embedding, for SD 1.x, SD 2.x and SDXL, whose files have one for each text encoder. What
     * {@code TextualInversion} reads is converted for the runtime: a temporary file of it lives as long as the model is open.
     *
     * @param name the word that stands for it in prompts, in upper or lower case; it is found wherever it stands, inside
     *     other words too, and of two words at one place the longer is taken
     * @param file the embedding file: f32, f16, bf16 or f64 in safetensors or a PyTorch checkpoint
     * @throws InvalidRequestException if the name is empty or has blanks in it; two that differ in upper and lower case alone
     *     are refused when the model is opened
     */
    public B embedding(String name, Path file) {
        Map<String, Path> all = new LinkedHashMap<>(options.get(ModelOptions.EMBEDDINGS, Map.of()));
        all.put(name, Objects.requireNonNull(file, "file"));
        return set(ModelOptions.EMBEDDINGS, Collections.unmodifiableMap(all));
    }

    /** As {@link #controlNet(String, Path)}, named after the file: {@code canny} for {@code canny.safetensors}. */
    public B controlNet(Path file) {
        Path name = file.toAbsolutePath().normalize().getFileName();
        return controlNet(name == null ? "" : name.toString().replaceFirst("\\.[^.]+$", ""), file);
    }

    /**
     * Opens a ControlNet with the model, which then obeys {@link Control}s: of the SD 1.x or SD 2.x layout, made for a U-Net as wide as
     * the model's, with the names of the original checkpoints or of diffusers. May be called more than once; the same name
     * replaces the file.
     *
     * @param name what requests call it
     * @throws InvalidRequestException if the name is blank
     */
    public B controlNet(String name, Path file) {
        if (name.isBlank()) {
            throw new InvalidRequestException("controlNet", "'" + name + "'", "a name");
        }
        Map<String, Path> all = new LinkedHashMap<>(options.get(ModelOptions.CONTROL_NETS, Map.of()));
        all.put(name, Objects.requireNonNull(file, "file"));
        return set(ModelOptions.CONTROL_NETS, Collections.unmodifiableMap(all));
    }

    /**
     * PhotoMaker (Li et al. 2023), version 1 or 2, for an SDXL model: every request then has an {@link Identity}, a person in
     * pictures, whom it draws. The file's LoRA is applied, too. The components of such a model do not run by themselves.
     *
     * @param file as published, {@code photomaker-v1.bin} or {@code photomaker-v2.bin}, or the same tensors as safetensors
     */
    public B photoMaker(Path file) {
        return set(ModelOptions.PHOTO_MAKER, file);
    }

    /** Converts weights to this type while loading, but for those of ControlNets; as the file has them without it. */
    public B weightType(WeightType type) {
        return set(ModelOptions.WEIGHT_TYPE, type);
    }

    /**
     * Weight types for single tensors: {@code regex=type} rules separated by commas, such as
     * {@code ^first_stage_model=f32,attn=q8_0}. The first that matches a tensor's name applies. An expression has at
     * most 500 characters.
     */
    public B weightTypeRules(String rules) {
        return set(ModelOptions.WEIGHT_TYPE_RULES, rules);
    }

    /**
     * Threads for work on the CPU, 1 to 512. Without it one per physical core, but no more than the processors that this JVM
     * sees ({@link Runtime#availableProcessors()}), which knows the CPU quota of a container and {@code taskset}.
     */
    public B threads(int count) {
        return set(ModelOptions.THREADS, count);
    }

    /**
     * Maps the weight files into memory in place of reading them: a large model opens faster. A file that is cut short or
     * becomes unreachable while it is mapped ends the process by SIGBUS, where reading is an exception: map files that nobody
     * changes, or open the model {@linkplain #isolated() isolated}.
     */
    public B memoryMap(boolean map) {
        return set(ModelOptions.MEMORY_MAP, map);
    }

    /** Where flash attention is used; {@link FlashAttention#DENOISER} without it. */
    public B flashAttention(FlashAttention where) {
        return set(ModelOptions.FLASH_ATTENTION, where);
    }

    /**
     * Direct convolutions in the diffusion model: less memory; on a GPU it depends on the device whether they are faster. On
     * this machine's CPU it changes nothing: the convolutions that are faster that way are always computed so. With a server
     * that computes on a CPU it gives the same speed and picture as here.
     */
    public B diffusionConvDirect(boolean use) {
        return set(ModelOptions.DIFFUSION_CONV_DIRECT, use);
    }

    /** Direct convolutions in the VAE, likewise. */
    public B vaeConvDirect(boolean use) {
        return set(ModelOptions.VAE_CONV_DIRECT, use);
    }

    /** Makes pictures whose edges fit each other, for tiling textures. */
    public B seamless(Seamless edges) {
        return set(ModelOptions.SEAMLESS, edges);
    }

    /** Scales the SDXL VAE's convolutions, which avoids black pictures in half precision. */
    public B forceSdxlVaeConvScale(boolean force) {
        return set(ModelOptions.FORCE_SDXL_VAE_CONV_SCALE, force);
    }

    /** Where noise comes from; {@link RandomSource#CUDA} without it. */
    public B random(RandomSource source) {
        return set(ModelOptions.RANDOM, source);
    }

    /** Where the noise that samplers add comes from; the same as {@link #random(RandomSource)} without it. */
    public B samplerRandom(RandomSource source) {
        return set(ModelOptions.SAMPLER_RANDOM, source);
    }

    /** What the model predicts, where the file does not say it. */
    public B prediction(PredictionType type) {
        return set(ModelOptions.PREDICTION, type);
    }

    /** When LoRAs are merged into the weights. */
    public B loraMode(LoraMode mode) {
        return set(ModelOptions.LORA_MODE, mode);
    }

    /**
     * The folder of the LoRAs that prompts name, as {@code <lora:name:0.8>}: see {@link dev.diffusion4j.tokenizer.LoraTags} for
     * all forms. A name is that of a file in the folder or below it, with or without {@code .safetensors} or another model
     * file's ending. Without a folder, what prompts name is left out with a warning.
     */
    public B loraFolder(Path folder) {
        return set(ModelOptions.LORA_FOLDER, folder);
    }

    /** The device that the model runs on; {@link DeviceChoice#auto()} without it. */
    public B device(DeviceChoice choice) {
        return set(ModelOptions.DEVICE, choice);
    }

    /** The device that one kind of component runs on, in place of the whole model's. */
    public B device(ComponentKind component, DeviceChoice choice) {
        Map<ComponentKind, DeviceChoice> all = new EnumMap<>(ComponentKind.class);
        all.putAll(options.get(ModelOptions.COMPONENT_DEVICES, Map.of()));
        all.put(component, Objects.requireNonNull(choice, "choice"));
        return set(ModelOptions.COMPONENT_DEVICES, Collections.unmodifiableMap(all));
    }

    /** Keeps weights in RAM and brings them to the device when they are needed. */
    public B offloadToCpu(boolean offload) {
        return set(ModelOptions.OFFLOAD_TO_CPU, offload);
    }

    /** Device memory that weights may take; without limit without it. */
    public B memoryBudget(MemoryBudget budget) {
        return set(ModelOptions.MEMORY_BUDGET, budget);
    }

    /**
     * With a {@link #memoryBudget(MemoryBudget)}: keeps weights in RAM, as {@link #offloadToCpu(boolean)} does, and fetches the
     * next layers while the current ones compute.
     */
    public B streamLayers(boolean stream) {
        return set(ModelOptions.STREAM_LAYERS, stream);
    }

    /** As {@link #isolated(IsolatedOptions)}, with {@link IsolatedOptions#DEFAULT}. */
    public B isolated() {
        return isolated(IsolatedOptions.DEFAULT);
    }

    /**
     * Runs the model in a process of its own, a child JVM: if native code crashes, is killed or hangs there, the call in
     * progress throws {@link IsolatedProcessException}, and the next call starts a new process that opens the model
     * again. {@link IsolatedOptions} says more.
     */
    public B isolated(IsolatedOptions how) {
        return set(ModelOptions.ISOLATION, how);
    }

    /**
     * How many generations may wait while another one runs, 0 to 1,000,000; {@value ModelOptions#DEFAULT_QUEUE_CAPACITY} without it. One
     * more is refused with {@link QueueFullException} when it is started. 0 refuses everything while the model draws. A
     * generation that waits holds its request and the pictures that were given with it; calls of single parts are not counted.
     */
    public B queueCapacity(int generations) {
        return set(ModelOptions.QUEUE_CAPACITY, generations);
    }
}
