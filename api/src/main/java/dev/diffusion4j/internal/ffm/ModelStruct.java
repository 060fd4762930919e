package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_ctx_params_t;
import dev.diffusion4j.bindings.sd_embedding_t;
import dev.diffusion4j.internal.engine.OpenSpec;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.request.FlashAttention;
import dev.diffusion4j.request.MemoryBudget;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.Seamless;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;

/** Writes what a model is opened with into the runtime's struct. */
final class ModelStruct {

    private final MemorySegment struct;
    private final Arena arena;

    private ModelStruct(MemorySegment struct, Arena arena) {
        this.struct = struct;
        this.arena = arena;
    }

    static MemorySegment allocate(OpenSpec spec, DeviceSelection devices, LearnedWords words, Arena arena) {
        MemorySegment struct = sd_ctx_params_t.allocate(arena);
        D4j.sd_ctx_params_init(struct);
        ModelStruct writer = new ModelStruct(struct, arena);
        spec.model().ifPresent(path -> sd_ctx_params_t.model_path(struct, writer.modelText(path)));
        spec.options().components().forEach(writer::writeComponent);
        spec.options().photoMaker().ifPresent(path -> sd_ctx_params_t.photo_maker_path(struct, writer.modelText(path)));
        writer.writeEmbeddings(spec.learnedWords(), words);
        writer.writeOptions(spec.options());
        sd_ctx_params_t.n_threads(
                struct, spec.options().threads().orElseGet(() -> NativeVersions.defaultThreads(spec.processors())));
        sd_ctx_params_t.backend(struct, arena.allocateFrom(devices.specification()));
        return struct;
    }

    private MemorySegment text(Path path) {
        return arena.allocateFrom(path.toString());
    }

    /** The first of several files brings the others. */
    private MemorySegment modelText(Path file) {
        return text(ModelFile.read(file).files().getFirst());
    }

    private void writeComponent(ModelComponent component, Path file) {
        MemorySegment path = modelText(file);
        switch (component) {
            case DIFFUSION_MODEL -> sd_ctx_params_t.diffusion_model_path(struct, path);
            case HIGH_NOISE_DIFFUSION_MODEL -> sd_ctx_params_t.high_noise_diffusion_model_path(struct, path);
            case CLIP_VISION -> sd_ctx_params_t.clip_vision_path(struct, path);
            case EMBEDDINGS_CONNECTORS -> sd_ctx_params_t.embeddings_connectors_path(struct, path);
            case AUDIO_VAE -> sd_ctx_params_t.audio_vae_path(struct, path);
            case CLIP_L -> sd_ctx_params_t.clip_l_path(struct, path);
            case CLIP_G -> sd_ctx_params_t.clip_g_path(struct, path);
            case T5 -> sd_ctx_params_t.t5xxl_path(struct, path);
            case LLM -> sd_ctx_params_t.llm_path(struct, path);
            case LLM_VISION -> sd_ctx_params_t.llm_vision_path(struct, path);
            case VAE -> sd_ctx_params_t.vae_path(struct, path);
            case TINY_AUTOENCODER -> sd_ctx_params_t.taesd_path(struct, path);
        }
    }

    private void writeOptions(ModelOptions options) {
        options.weightType().ifPresent(type -> sd_ctx_params_t.wtype(struct, RuntimeCodes.of(type)));
        options.weightTypeRules()
                .ifPresent(rules -> sd_ctx_params_t.tensor_type_rules(struct, arena.allocateFrom(rules)));
        // Chroma was trained with a T5 that does not see its padding.
        sd_ctx_params_t.chroma_use_t5_mask(struct, true);
        sd_ctx_params_t.enable_mmap(struct, options.memoryMap());
        sd_ctx_params_t.flash_attn(struct, options.flashAttention() == FlashAttention.ALL);
        sd_ctx_params_t.diffusion_flash_attn(struct, options.flashAttention() != FlashAttention.NONE);
        sd_ctx_params_t.diffusion_conv_direct(struct, options.diffusionConvDirect());
        sd_ctx_params_t.vae_conv_direct(struct, options.vaeConvDirect());
        sd_ctx_params_t.circular_x(
                struct, options.seamless().map(Seamless::horizontally).orElse(false));
        sd_ctx_params_t.circular_y(
                struct, options.seamless().map(Seamless::vertically).orElse(false));
        sd_ctx_params_t.tae_preview_only(struct, options.tinyAutoencoderForPreviewsOnly());
        sd_ctx_params_t.force_sdxl_vae_conv_scale(struct, options.forceSdxlVaeConvScale());
        sd_ctx_params_t.rng_type(struct, RuntimeCodes.of(options.random()));
        options.samplerRandom().ifPresent(source -> sd_ctx_params_t.sampler_rng_type(struct, RuntimeCodes.of(source)));
        options.prediction().ifPresent(type -> sd_ctx_params_t.prediction(struct, RuntimeCodes.of(type)));
        sd_ctx_params_t.lora_apply_mode(struct, RuntimeCodes.of(options.loraMode()));
        options.memoryBudget().ifPresent(budget -> sd_ctx_params_t.max_vram(struct, gib(budget)));
        sd_ctx_params_t.stream_layers(struct, options.streamLayers());
        if (options.offloadToCpu()) {
            sd_ctx_params_t.params_backend(struct, arena.allocateFrom("cpu"));
        }
    }

    /** Below 0 the runtime leaves free what is said. */
    private static float gib(MemoryBudget budget) {
        return (float) (budget.relative() ? -budget.gib() : budget.gib());
    }

    private void writeEmbeddings(Map<String, Path> embeddings, LearnedWords words) {
        MemorySegment array = sd_embedding_t.allocateArray(embeddings.size(), arena);
        int index = 0;
        Iterator<String> names = words.nativeNames().iterator();
        for (Path file : embeddings.values()) {
            MemorySegment element = sd_embedding_t.asSlice(array, index++);
            sd_embedding_t.name(element, arena.allocateFrom(names.next()));
            sd_embedding_t.path(element, text(file));
        }
        sd_ctx_params_t.embeddings(struct, array);
        sd_ctx_params_t.embedding_count(struct, index);
    }
}
