package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_cache_params_t;
import dev.diffusion4j.bindings.sd_guidance_params_t;
import dev.diffusion4j.bindings.sd_sample_params_t;
import dev.diffusion4j.bindings.sd_slg_params_t;
import dev.diffusion4j.bindings.sd_tiling_params_t;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.SkipLayerGuidance;
import dev.diffusion4j.request.StepCache;
import dev.diffusion4j.request.VaeTiling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Writes into structs how pictures and videos are drawn. */
final class SamplingStructs {

    private static final double DISTILLED_GUIDANCE = 3.5;

    private final Arena arena;

    SamplingStructs(Arena arena) {
        this.arena = arena;
    }

    /** @param params a sd_sample_params_t */
    void writeSampling(NativeSampling sampling, int steps, double guidanceScale, MemorySegment params) {
        sampling.sampler().ifPresent(sampler -> sd_sample_params_t.sample_method(params, RuntimeCodes.of(sampler)));
        sampling.schedule().ifPresent(schedule -> sd_sample_params_t.scheduler(params, RuntimeCodes.of(schedule)));
        sd_sample_params_t.sample_steps(params, steps);
        sampling.eta().ifPresent(eta -> sd_sample_params_t.eta(params, (float) eta));
        sd_sample_params_t.shifted_timestep(params, sampling.shiftedTimestep().orElse(0));
        sampling.flowShift().ifPresent(shift -> sd_sample_params_t.flow_shift(params, (float) shift));
        sampling.arguments()
                .ifPresent(arguments -> sd_sample_params_t.extra_sample_args(params, arena.allocateFrom(arguments)));
        writeSigmas(sampling.sigmas(), params);
        writeGuidance(sampling, guidanceScale, sd_sample_params_t.guidance(params));
    }

    private void writeGuidance(NativeSampling sampling, double scale, MemorySegment guidance) {
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

    /** @param params a sd_tiling_params_t */
    static void writeTiling(VaeTiling tiling, MemorySegment params) {
        sd_tiling_params_t.enabled(params, true);
        sd_tiling_params_t.tile_size_x(params, tiling.tileWidth());
        sd_tiling_params_t.tile_size_y(params, tiling.tileHeight());
        sd_tiling_params_t.target_overlap(params, (float) tiling.overlap());
    }

    /** @param params a sd_cache_params_t */
    void writeCache(StepCache cache, MemorySegment params) {
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
}
