package dev.diffusion4j.internal;

import dev.diffusion4j.LoraMode;
import dev.diffusion4j.Prediction;
import dev.diffusion4j.RandomSource;
import dev.diffusion4j.StableDiffusionOptions.ModelPart;
import dev.diffusion4j.WeightType;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_ctx_params_t;
import dev.diffusion4j.bindings.sd_embedding_t;
import dev.diffusion4j.model.ModelComponent;
import dev.diffusion4j.runtime.DeviceChoice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Everything a model is opened with.
 *
 * @param embeddings the words of textual inversions, each with a file that has its vectors as one f32 tensor
 * @param threads for work on the CPU, 0 for the default
 * @param processors that the user's JVM sees: the most threads by default, in a process of the model's own too
 */
public record ModelParameters(
        Map<Part, Path> files,
        Map<String, Path> embeddings,
        Optional<WeightType> weightType,
        Optional<String> tensorTypeRules,
        int threads,
        int processors,
        boolean memoryMap,
        boolean flashAttention,
        boolean diffusionFlashAttention,
        boolean diffusionConvDirect,
        boolean vaeConvDirect,
        boolean seamlessX,
        boolean seamlessY,
        boolean tinyAutoencoderForPreviewsOnly,
        boolean forceSdxlVaeConvScale,
        RandomSource random,
        Optional<RandomSource> samplerRandom,
        Optional<Prediction> prediction,
        LoraMode loraMode,
        double vramBudgetGib,
        boolean streamLayers,
        DeviceChoice device,
        Map<ModelPart, DeviceChoice> partDevices,
        boolean offloadToCpu) {

    /** The files a model can be made of. */
    public enum Part {
        MODEL(null, sd_ctx_params_t::model_path),
        DIFFUSION_MODEL(ModelComponent.DIFFUSION_MODEL, sd_ctx_params_t::diffusion_model_path),
        CLIP_L(ModelComponent.CLIP_L, sd_ctx_params_t::clip_l_path),
        CLIP_G(ModelComponent.CLIP_G, sd_ctx_params_t::clip_g_path),
        T5(ModelComponent.T5, sd_ctx_params_t::t5xxl_path),
        LLM(ModelComponent.LLM, sd_ctx_params_t::llm_path),
        LLM_VISION(null, sd_ctx_params_t::llm_vision_path),
        VAE(ModelComponent.VAE, sd_ctx_params_t::vae_path),
        TINY_AUTOENCODER(ModelComponent.TINY_AUTOENCODER, sd_ctx_params_t::taesd_path);

        private final ModelComponent component;
        private final BiConsumer<MemorySegment, MemorySegment> setter;

        Part(ModelComponent component, BiConsumer<MemorySegment, MemorySegment> setter) {
            this.component = component;
            this.setter = setter;
        }

        /** The component of a model that the file stands for, if it is one. */
        public Optional<ModelComponent> component() {
            return Optional.ofNullable(component);
        }
    }

    MemorySegment allocate(Arena arena, DeviceSelection devices, LearnedWords words) {
        MemorySegment params = sd_ctx_params_t.allocate(arena);
        D4j.sd_ctx_params_init(params);
        files.forEach((part, path) -> part.setter.accept(params, arena.allocateFrom(path.toString())));
        writeEmbeddings(params, words, arena);
        weightType.ifPresent(type -> sd_ctx_params_t.wtype(params, type.code()));
        tensorTypeRules.ifPresent(rules -> sd_ctx_params_t.tensor_type_rules(params, arena.allocateFrom(rules)));
        sd_ctx_params_t.n_threads(params, threads > 0 ? threads : NativeVersions.defaultThreads(processors));
        sd_ctx_params_t.enable_mmap(params, memoryMap);
        sd_ctx_params_t.flash_attn(params, flashAttention);
        sd_ctx_params_t.diffusion_flash_attn(params, diffusionFlashAttention);
        sd_ctx_params_t.diffusion_conv_direct(params, diffusionConvDirect);
        sd_ctx_params_t.vae_conv_direct(params, vaeConvDirect);
        sd_ctx_params_t.circular_x(params, seamlessX);
        sd_ctx_params_t.circular_y(params, seamlessY);
        sd_ctx_params_t.tae_preview_only(params, tinyAutoencoderForPreviewsOnly);
        sd_ctx_params_t.force_sdxl_vae_conv_scale(params, forceSdxlVaeConvScale);
        sd_ctx_params_t.rng_type(params, RuntimeCodes.of(random));
        samplerRandom.ifPresent(source -> sd_ctx_params_t.sampler_rng_type(params, RuntimeCodes.of(source)));
        prediction.ifPresent(kind -> sd_ctx_params_t.prediction(params, RuntimeCodes.of(kind)));
        sd_ctx_params_t.lora_apply_mode(params, RuntimeCodes.of(loraMode));
        sd_ctx_params_t.max_vram(params, (float) vramBudgetGib);
        sd_ctx_params_t.stream_layers(params, streamLayers);
        sd_ctx_params_t.backend(params, arena.allocateFrom(devices.specification()));
        if (offloadToCpu) {
            sd_ctx_params_t.params_backend(params, arena.allocateFrom("cpu"));
        }
        return params;
    }

    private void writeEmbeddings(MemorySegment params, LearnedWords words, Arena arena) {
        MemorySegment array = sd_embedding_t.allocateArray(embeddings.size(), arena);
        int index = 0;
        Iterator<String> names = words.nativeNames().iterator();
        for (Path file : embeddings.values()) {
            MemorySegment element = sd_embedding_t.asSlice(array, index++);
            sd_embedding_t.name(element, arena.allocateFrom(names.next()));
            sd_embedding_t.path(element, arena.allocateFrom(file.toString()));
        }
        sd_ctx_params_t.embeddings(params, array);
        sd_ctx_params_t.embedding_count(params, index);
    }
}
