package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_hires_params_t;
import dev.diffusion4j.bindings.sd_img_gen_params_t;
import dev.diffusion4j.bindings.sd_pm_params_t;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.IdentityInput;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.UpscaleRequest;
import dev.diffusion4j.tokenizer.LoraTags;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Writes a request and its pictures into the runtime's struct. */
final class GenerationStruct {

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
        SamplingStructs parts = new SamplingStructs(arena);
        parts.writeSampling(
                sampling,
                request.steps().orElseThrow(),
                request.guidanceScale().orElseThrow(),
                sd_img_gen_params_t.sample_params(writer.struct));
        writer.writePictures(inputs);
        inputs.identity().ifPresent(writer::writeIdentity);
        request.vaeTiling()
                .ifPresent(tiling ->
                        SamplingStructs.writeTiling(tiling, sd_img_gen_params_t.vae_tiling_params(writer.struct)));
        sampling.cache().ifPresent(cache -> parts.writeCache(cache, sd_img_gen_params_t.cache(writer.struct)));
        sampling.highResFix()
                .ifPresent(fix ->
                        writer.writeHighResFix(fix, fix.sizeAfter(request.size().orElseThrow())));
        return writer.struct;
    }

    private void writeRequest(ImageRequest request) {
        ImageSize size = request.size().orElseThrow();
        sd_img_gen_params_t.prompt(
                struct, words.prompt(LoraTags.parse(request.prompt()).text(), arena));
        sd_img_gen_params_t.negative_prompt(struct, words.prompt(request.negativePrompt(), arena));
        sd_img_gen_params_t.width(struct, size.width());
        sd_img_gen_params_t.height(struct, size.height());
        sd_img_gen_params_t.clip_skip(struct, request.clipSkip().orElse(-1));
        sd_img_gen_params_t.seed(struct, request.seed().orElseThrow());
        sd_img_gen_params_t.batch_count(struct, request.batchCount());
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

    private void writeHighResFix(HighResFix fix, ImageSize size) {
        MemorySegment params = sd_img_gen_params_t.hires(struct);
        sd_hires_params_t.enabled(params, true);
        sd_hires_params_t.upscaler(params, RuntimeCodes.of(fix.upscaler()));
        fix.upscalerModel().ifPresent(model -> {
            sd_hires_params_t.upscaler(params, D4j.SD_HIRES_UPSCALER_MODEL());
            sd_hires_params_t.model_path(
                    params, arena.allocateFrom(model.toAbsolutePath().toString()));
            sd_hires_params_t.upscale_tile_size(params, fix.tileSize().orElse(UpscaleRequest.DEFAULT_TILE_SIZE));
        });
        sd_hires_params_t.target_width(params, size.width());
        sd_hires_params_t.target_height(params, size.height());
        sd_hires_params_t.steps(params, fix.steps());
        sd_hires_params_t.denoising_strength(params, (float) fix.denoisingStrength());
    }
}
