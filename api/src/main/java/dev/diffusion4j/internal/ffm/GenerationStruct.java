package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_cache_params_t;
import dev.diffusion4j.bindings.sd_guidance_params_t;
import dev.diffusion4j.bindings.sd_hires_params_t;
import dev.diffusion4j.bindings.sd_img_gen_params_t;
import dev.diffusion4j.bindings.sd_pm_params_t;
import dev.diffusion4j.bindings.sd_sample_params_t;
import dev.diffusion4j.bindings.sd_slg_params_t;
import dev.diffusion4j.bindings.sd_tiling_params_t;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.IdentityInput;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.SkipLayerGuidance;
import dev.diffusion4j.request.StepCache;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.tokenizer.LoraTags;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.regex.Pattern;

/** Writes a request and its pictures into the runtime's struct. */
final class GenerationStruct {

    /** The white space of the runtime's regular expressions, in a run that no text has for a reason. */
    private static final Pattern LONG_BLANK = Pattern.compile("[ \\t\\n\\x0B\\f\\r]{64,}+");

    private static final double DISTILLED_GUIDANCE = 3.5;

    private final Arena arena;
    private final MemorySegment struct;
    private final LearnedWords words;

    private GenerationStruct(LearnedWords words, Arena arena) {
        this.words = words;
        this.arena = arena;
        struct = sd_img_gen_params_t.allocate(arena);
        D4j.sd_img_gen_params_init(struct);
    }

    /**
     * @param request with everything that the runtime does not decide itself
     */
    static MemorySegment allocate(ImageRequest request, GenerationInputs inputs, LearnedWords words, Arena arena) {
        GenerationStruct writer = new GenerationStruct(words, arena);
        NativeSampling sampling = (NativeSampling) request.sampling();
        writer.writeRequest(request);
        writer.writeSampling(sampling, request.steps().orElseThrow());
        writer.writeGuidance(sampling, request.guidanceScale().orElseThrow());
        writer.writePictures(inputs);
        inputs.identity().ifPresent(writer::writeIdentity);
        request.vaeTiling()
                .ifPresent(tiling -> writeTiling(tiling, sd_img_gen_params_t.vae_tiling_params(writer.struct)));
        sampling.cache().ifPresent(writer::writeCache);
        sampling.highResFix().ifPresent(writer::writeHighResFix);
        return writer.struct;
    }

    private void writeRequest(ImageRequest request) {
        ImageSize size = request.size().orElseThrow();
        sd_img_gen_params_t.prompt(
                struct, prompt(LoraTags.parse(request.prompt()).text()));
        sd_img_gen_params_t.negative_prompt(struct, prompt(request.negativePrompt()));
        sd_img_gen_params_t.width(struct, size.width());
        sd_img_gen_params_t.height(struct, size.height());
        sd_img_gen_params_t.clip_skip(struct, request.clipSkip().orElse(-1));
        sd_img_gen_params_t.seed(struct, request.seed().orElseThrow());
        sd_img_gen_params_t.batch_count(struct, request.batchCount());
    }

    /**
     * The runtime's parser takes time that grows with the square of a run of blanks, minutes for 100,000, in which it
     * cannot be cancelled. A run means no more to a model than one blank.
     */
    private MemorySegment prompt(String text) {
        return arena.allocateFrom(LONG_BLANK.matcher(words.mark(text)).replaceAll(" "));
    }

    private void writeSampling(NativeSampling sampling, int steps) {
        MemorySegment params = sd_img_gen_params_t.sample_params(struct);
        sampling.sampler().ifPresent(sampler -> sd_sample_params_t.sample_method(params, RuntimeCodes.of(sampler)));
        sampling.schedule().ifPresent(schedule -> sd_sample_params_t.scheduler(params, RuntimeCodes.of(schedule)));
        sd_sample_params_t.sample_steps(params, steps);
        sampling.eta().ifPresent(eta -> sd_sample_params_t.eta(params, (float) eta));
        sd_sample_params_t.shifted_timestep(params, sampling.shiftedTimestep().orElse(0));
        sampling.flowShift().ifPresent(shift -> sd_sample_params_t.flow_shift(params, (float) shift));
        sampling.arguments()
                .ifPresent(arguments -> sd_sample_params_t.extra_sample_args(params, arena.allocateFrom(arguments)));
        writeSigmas(sampling.sigmas(), params);
    }

    private void writeGuidance(NativeSampling sampling, double scale) {
        MemorySegment guidance = sd_sample_params_t.guidance(sd_img_gen_params_t.sample_params(struct));
        sd_guidance_params_t.txt_cfg(guidance, (float) scale);
        sampling.imageGuidanceScale().ifPresent(image -> sd_guidance_params_t.img_cfg(guidance, (float) image));
        sd_guidance_params_t.distilled_guidance(
                guidance, (float) sampling.distilledGuidance().orElse(DISTILLED_GUIDANCE));
        sampling.skipLayerGuidance().ifPresent(skip -> writeSkipLayers(skip, sd_guidance_params_t.slg(guidance)));
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
        sd_img_gen_params_t.strength(struct, (float) inputs.strength());
        inputs.init().ifPresent(image -> PictureStructs.write(image, sd_img_gen_params_t.init_image(struct), arena));
        inputs.mask().ifPresent(image -> PictureStructs.write(image, sd_img_gen_params_t.mask_image(struct), arena));
        List<BufferedImage> references = inputs.references();
        sd_img_gen_params_t.ref_images(struct, PictureStructs.array(references, arena));
        sd_img_gen_params_t.ref_images_count(struct, references.size());
        sd_img_gen_params_t.auto_resize_ref_image(struct, inputs.resizeReferences());
        sd_img_gen_params_t.increase_ref_index(struct, inputs.distinctReferenceIndices());
    }

    private void writeIdentity(IdentityInput identity) {
        MemorySegment params = sd_img_gen_params_t.pm_params(struct);
        sd_pm_params_t.id_images(params, PictureStructs.array(identity.pictures(), arena));
        sd_pm_params_t.id_images_count(params, identity.pictures().size());
        sd_pm_params_t.style_strength(params, (float) identity.styleStrength());
        identity.embeddings()
                .ifPresent(file -> sd_pm_params_t.id_embed_path(params, arena.allocateFrom(file.toString())));
    }

    private static void writeTiling(VaeTiling tiling, MemorySegment params) {
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
        sd_hires_params_t.upscaler(params, RuntimeCodes.of(fix.upscaler()));
        sd_hires_params_t.scale(params, (float) fix.scale());
        sd_hires_params_t.steps(params, fix.steps());
        sd_hires_params_t.denoising_strength(params, (float) fix.denoisingStrength());
    }
}
