package dev.diffusion4j.internal;

import dev.diffusion4j.GenerationParameters;
import dev.diffusion4j.HighResFix;
import dev.diffusion4j.Lora;
import dev.diffusion4j.SkipLayerGuidance;
import dev.diffusion4j.StepCache;
import dev.diffusion4j.VaeTiling;
import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_lora_t;
import dev.diffusion4j.bindings.sd_cache_params_t;
import dev.diffusion4j.bindings.sd_guidance_params_t;
import dev.diffusion4j.bindings.sd_hires_params_t;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.bindings.sd_img_gen_params_t;
import dev.diffusion4j.bindings.sd_sample_params_t;
import dev.diffusion4j.bindings.sd_slg_params_t;
import dev.diffusion4j.bindings.sd_tiling_params_t;
import dev.diffusion4j.text.LoraTags;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.regex.Pattern;

/** Writes a generation's parameters and pictures into the runtime's struct. */
final class GenerationStruct {

    /** The white space of the runtime's regular expressions, in a run that no text has for a reason. */
    private static final Pattern LONG_BLANK = Pattern.compile("[ \\t\\n\\x0B\\f\\r]{64,}+");

    private final Arena arena;
    private final MemorySegment struct;
    private final LearnedWords words;

    private GenerationStruct(LearnedWords words, Arena arena) {
        this.words = words;
        this.arena = arena;
        struct = sd_img_gen_params_t.allocate(arena);
        D4j.sd_img_gen_params_init(struct);
    }

    static MemorySegment allocate(
            GenerationParameters parameters, GenerationInputs inputs, LearnedWords words, Arena arena) {
        GenerationStruct writer = new GenerationStruct(words, arena);
        writer.writeRequest(parameters);
        writer.writeSampling(parameters);
        writer.writePictures(inputs);
        parameters
                .vaeTiling()
                .ifPresent(tiling -> writeTiling(tiling, sd_img_gen_params_t.vae_tiling_params(writer.struct)));
        parameters.cache().ifPresent(writer::writeCache);
        parameters.highResFix().ifPresent(writer::writeHighResFix);
        return writer.struct;
    }

    private void writeRequest(GenerationParameters parameters) {
        sd_img_gen_params_t.prompt(
                struct, prompt(LoraTags.parse(parameters.prompt()).text()));
        sd_img_gen_params_t.negative_prompt(struct, prompt(parameters.negativePrompt()));
        sd_img_gen_params_t.width(struct, parameters.width());
        sd_img_gen_params_t.height(struct, parameters.height());
        sd_img_gen_params_t.clip_skip(struct, parameters.clipSkip() == 0 ? -1 : parameters.clipSkip());
        sd_img_gen_params_t.strength(struct, (float) parameters.strength());
        sd_img_gen_params_t.seed(struct, parameters.seed());
        sd_img_gen_params_t.batch_count(struct, parameters.batchCount());
    }

    /**
     * The runtime's parser takes time that grows with the square of a run of blanks, minutes for 100,000, in which it
     * cannot be cancelled. A run means no more to a model than one blank.
     */
    private MemorySegment prompt(String text) {
        return arena.allocateFrom(LONG_BLANK.matcher(words.mark(text)).replaceAll(" "));
    }

    static MemorySegment loraArray(List<Lora> loras, Arena arena) {
        MemorySegment array = d4j_lora_t.allocateArray(loras.size(), arena);
        for (int i = 0; i < loras.size(); i++) {
            Lora lora = loras.get(i);
            MemorySegment element = d4j_lora_t.asSlice(array, i);
            d4j_lora_t.path(element, arena.allocateFrom(lora.path().toString()));
            d4j_lora_t.multiplier(element, (float) lora.multiplier());
            d4j_lora_t.text_encoder_multiplier(element, (float) lora.textEncoderMultiplier());
        }
        return array;
    }

    private void writeSampling(GenerationParameters parameters) {
        MemorySegment sampling = sd_img_gen_params_t.sample_params(struct);
        sd_sample_params_t.sample_method(sampling, RuntimeCodes.of(parameters.sampler()));
        sd_sample_params_t.scheduler(sampling, RuntimeCodes.of(parameters.schedule()));
        sd_sample_params_t.sample_steps(sampling, parameters.steps());
        parameters.eta().ifPresent(eta -> sd_sample_params_t.eta(sampling, (float) eta));
        sd_sample_params_t.shifted_timestep(sampling, parameters.shiftedTimestep());
        parameters.flowShift().ifPresent(shift -> sd_sample_params_t.flow_shift(sampling, (float) shift));
        parameters
                .samplerArguments()
                .ifPresent(arguments -> sd_sample_params_t.extra_sample_args(sampling, arena.allocateFrom(arguments)));
        writeSigmas(parameters.sigmas(), sampling);

        MemorySegment guidance = sd_sample_params_t.guidance(sampling);
        sd_guidance_params_t.txt_cfg(guidance, (float) parameters.guidanceScale());
        parameters.imageGuidanceScale().ifPresent(scale -> sd_guidance_params_t.img_cfg(guidance, (float) scale));
        sd_guidance_params_t.distilled_guidance(guidance, (float) parameters.distilledGuidance());
        parameters.skipLayerGuidance().ifPresent(skip -> writeSkipLayers(skip, sd_guidance_params_t.slg(guidance)));
    }

    private void writeSigmas(List<Double> sigmas, MemorySegment sampling) {
        if (sigmas.isEmpty()) {
            return;
        }
        MemorySegment array = arena.allocate(ValueLayout.JAVA_FLOAT, sigmas.size());
        for (int i = 0; i < sigmas.size(); i++) {
            array.setAtIndex(ValueLayout.JAVA_FLOAT, i, sigmas.get(i).floatValue());
        }
        sd_sample_params_t.custom_sigmas(sampling, array);
        sd_sample_params_t.custom_sigmas_count(sampling, sigmas.size());
    }

    private void writeSkipLayers(SkipLayerGuidance skip, MemorySegment slg) {
        int[] layers = skip.layers().stream().mapToInt(Integer::intValue).toArray();
        sd_slg_params_t.layers(slg, arena.allocateFrom(ValueLayout.JAVA_INT, layers));
        sd_slg_params_t.layer_count(slg, layers.length);
        sd_slg_params_t.layer_start(slg, (float) skip.start());
        sd_slg_params_t.layer_end(slg, (float) skip.end());
        sd_slg_params_t.scale(slg, (float) skip.scale());
    }

    private void writePictures(GenerationInputs inputs) {
        inputs.init().ifPresent(image -> Rgb8.write(image, sd_img_gen_params_t.init_image(struct), arena));
        inputs.mask().ifPresent(image -> Rgb8.write(image, sd_img_gen_params_t.mask_image(struct), arena));
        List<BufferedImage> references = inputs.references();
        MemorySegment array = sd_image_t.allocateArray(references.size(), arena);
        for (int i = 0; i < references.size(); i++) {
            Rgb8.write(references.get(i), sd_image_t.asSlice(array, i), arena);
        }
        sd_img_gen_params_t.ref_images(struct, array);
        sd_img_gen_params_t.ref_images_count(struct, references.size());
        sd_img_gen_params_t.auto_resize_ref_image(struct, inputs.resizeReferences());
        sd_img_gen_params_t.increase_ref_index(struct, inputs.distinctReferenceIndices());
    }

    static void writeTiling(VaeTiling tiling, MemorySegment params) {
        sd_tiling_params_t.enabled(params, true);
        sd_tiling_params_t.tile_size_x(params, tiling.tileWidth());
        sd_tiling_params_t.tile_size_y(params, tiling.tileHeight());
        sd_tiling_params_t.target_overlap(params, (float) tiling.overlap());
    }

    private void writeCache(StepCache cache) {
        MemorySegment params = sd_img_gen_params_t.cache(struct);
        switch (cache) {
            case StepCache.Reuse reuse -> {
                sd_cache_params_t.mode(
                        params,
                        switch (reuse.method()) {
                            case EASYCACHE -> D4j.SD_CACHE_EASYCACHE();
                            case UCACHE -> D4j.SD_CACHE_UCACHE();
                        });
                sd_cache_params_t.reuse_threshold(params, (float) reuse.threshold());
                sd_cache_params_t.start_percent(params, (float) reuse.start());
                sd_cache_params_t.end_percent(params, (float) reuse.end());
                sd_cache_params_t.error_decay_rate(params, (float) reuse.errorDecayRate());
                sd_cache_params_t.use_relative_threshold(params, reuse.relativeThreshold());
                sd_cache_params_t.reset_error_on_compute(params, reuse.resetErrorOnCompute());
            }
            case StepCache.Blocks blocks -> {
                sd_cache_params_t.mode(
                        params,
                        switch (blocks.method()) {
                            case DBCACHE -> D4j.SD_CACHE_DBCACHE();
                            case TAYLORSEER -> D4j.SD_CACHE_TAYLORSEER();
                            case CACHE_DIT -> D4j.SD_CACHE_CACHE_DIT();
                        });
                sd_cache_params_t.Fn_compute_blocks(params, blocks.firstBlocks());
                sd_cache_params_t.Bn_compute_blocks(params, blocks.lastBlocks());
                sd_cache_params_t.residual_diff_threshold(params, (float) blocks.residualThreshold());
                sd_cache_params_t.max_warmup_steps(params, blocks.warmupSteps());
                sd_cache_params_t.max_cached_steps(params, blocks.maxCachedSteps());
                sd_cache_params_t.max_continuous_cached_steps(params, blocks.maxContinuousCachedSteps());
                sd_cache_params_t.taylorseer_n_derivatives(params, blocks.taylorDerivatives());
                sd_cache_params_t.taylorseer_skip_interval(params, blocks.taylorSkipInterval());
                blocks.stepMask().ifPresent(mask -> sd_cache_params_t.scm_mask(params, arena.allocateFrom(mask)));
                sd_cache_params_t.scm_policy_dynamic(params, blocks.dynamicStepMask());
            }
            case StepCache.Spectrum spectrum -> {
                sd_cache_params_t.mode(params, D4j.SD_CACHE_SPECTRUM());
                sd_cache_params_t.spectrum_w(params, (float) spectrum.weight());
                sd_cache_params_t.spectrum_m(params, spectrum.order());
                sd_cache_params_t.spectrum_lam(params, (float) spectrum.regularization());
                sd_cache_params_t.spectrum_window_size(params, spectrum.window());
                sd_cache_params_t.spectrum_flex_window(params, (float) spectrum.flexWindow());
                sd_cache_params_t.spectrum_warmup_steps(params, spectrum.warmupSteps());
                sd_cache_params_t.spectrum_stop_percent(params, (float) spectrum.stop());
            }
        }
    }

    private void writeHighResFix(HighResFix fix) {
        MemorySegment params = sd_img_gen_params_t.hires(struct);
        sd_hires_params_t.enabled(params, true);
        sd_hires_params_t.upscaler(params, fix.upscaler().code());
        sd_hires_params_t.scale(params, (float) fix.scale());
        sd_hires_params_t.steps(params, fix.steps());
        sd_hires_params_t.denoising_strength(params, (float) fix.denoisingStrength());
    }
}
