package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.bindings.sd_sample_params_t;
import dev.diffusion4j.bindings.sd_vid_gen_params_t;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.VideoInputs;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tokenizer.LoraTags;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Writes a request for a video and its pictures into the runtime's struct. */
final class VideoStruct {

    /** The steps of the high-noise model are those above the boundary. */
    private static final int BY_THE_BOUNDARY = -1;

    private VideoStruct() {}

    /**
     * @param request with everything that the runtime does not decide itself
     */
    static MemorySegment allocate(VideoRequest request, VideoInputs inputs, LearnedWords words, Arena arena) {
        MemorySegment struct = sd_vid_gen_params_t.allocate(arena);
        D4j.sd_vid_gen_params_init(struct);
        ImageSize size = request.size().orElseThrow();
        sd_vid_gen_params_t.prompt(
                struct, words.prompt(LoraTags.parse(request.prompt()).text(), arena));
        sd_vid_gen_params_t.negative_prompt(struct, words.prompt(request.negativePrompt(), arena));
        sd_vid_gen_params_t.width(struct, size.width());
        sd_vid_gen_params_t.height(struct, size.height());
        sd_vid_gen_params_t.seed(struct, request.seed().orElseThrow());
        sd_vid_gen_params_t.video_frames(struct, request.frames().orElseThrow());
        sd_vid_gen_params_t.fps(struct, request.framesPerSecond().orElseThrow());
        writeSampling(request, struct, new SamplingStructs(arena));
        writePictures(request, inputs, struct, arena);
        return struct;
    }

    private static void writeSampling(VideoRequest request, MemorySegment struct, SamplingStructs parts) {
        NativeSampling sampling = request.sampling();
        int steps = request.steps().orElseThrow();
        double scale = request.guidanceScale().orElseThrow();
        MemorySegment highNoise = sd_vid_gen_params_t.high_noise_sample_params(struct);
        parts.writeSampling(sampling, steps, scale, sd_vid_gen_params_t.sample_params(struct));
        parts.writeSampling(sampling, steps, request.highNoiseGuidanceScale().orElse(scale), highNoise);
        sd_sample_params_t.sample_steps(highNoise, BY_THE_BOUNDARY);
        request.highNoiseBoundary().ifPresent(boundary -> sd_vid_gen_params_t.moe_boundary(struct, (float) boundary));
        request.vaeTiling()
                .ifPresent(
                        tiling -> SamplingStructs.writeTiling(tiling, sd_vid_gen_params_t.vae_tiling_params(struct)));
        sampling.cache().ifPresent(cache -> parts.writeCache(cache, sd_vid_gen_params_t.cache(struct)));
    }

    private static void writePictures(VideoRequest request, VideoInputs inputs, MemorySegment struct, Arena arena) {
        // LTX begins with the very picture.
        sd_vid_gen_params_t.strength(struct, 1);
        inputs.firstFrame()
                .ifPresent(image -> PictureStructs.write(image, sd_vid_gen_params_t.init_image(struct), arena));
        inputs.lastFrame()
                .ifPresent(image -> PictureStructs.write(image, sd_vid_gen_params_t.end_image(struct), arena));
        List<BufferedImage> frames = inputs.controlFrames();
        MemorySegment array = sd_image_t.allocateArray(frames.size(), arena);
        for (int i = 0; i < frames.size(); i++) {
            PictureStructs.write(frames.get(i), sd_image_t.asSlice(array, i), arena);
        }
        sd_vid_gen_params_t.control_frames(struct, array);
        sd_vid_gen_params_t.control_frames_size(struct, frames.size());
        sd_vid_gen_params_t.vace_strength(struct, (float) request.controlStrength());
    }
}
