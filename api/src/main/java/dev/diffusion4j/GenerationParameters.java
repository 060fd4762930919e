package dev.diffusion4j;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Everything that determines a generation but its pictures: what {@link GenerationRequest} checked and completed with
 * the model's defaults, and what a {@link GeneratedImage} reports back. Made by requests only.
 *
 * @param task what kind of generation it is
 * @param prompt what to draw as the user wrote it, with {@code (word:1.2)} weights and {@code <lora:name:0.8>} tags
 * @param negativePrompt what to avoid, may be empty
 * @param width in pixels
 * @param height in pixels
 * @param steps denoising steps
 * @param guidanceScale classifier-free guidance scale; 1 switches it off
 * @param imageGuidanceScale guidance towards the input picture, for models that have it
 * @param distilledGuidance guidance input of guidance-distilled models
 * @param sampler the sampler used
 * @param schedule the noise schedule used, unless {@code sigmas} are given
 * @param scheduler the {@linkplain dev.diffusion4j.scheduler.Scheduler#name() name} of the scheduler of the loop in Java, if
 *     that was used: sampler and schedule then say nothing
 * @param sigmas noise levels of the caller's own, empty for the schedule's
 * @param eta stochasticity of samplers that have it; empty for the sampler's own default
 * @param shiftedTimestep timestep shift of SDXL turbo models, 0 for none
 * @param flowShift shift of flow-matching models; empty for the model's own
 * @param samplerArguments further {@code key=value} arguments that single samplers know
 * @param skipLayerGuidance guidance by skipped layers, for diffusion transformers
 * @param clipSkip which of CLIP's last layers is used: 1 the last, 2 the one before; 0 for the model's own
 * @param strength how much of the input picture may change, 0 to 1
 * @param seed seed of the first image; image {@code i} of a batch has {@code seed + i}
 * @param batchCount number of images
 * @param loras LoRAs applied, in order, those that the prompt names among them
 * @param vaeTiling tiling of the VAE
 * @param cache reuse of earlier steps
 * @param highResFix second pass at a larger size
 */
public record GenerationParameters(
        Task task,
        String prompt,
        String negativePrompt,
        int width,
        int height,
        int steps,
        double guidanceScale,
        OptionalDouble imageGuidanceScale,
        double distilledGuidance,
        Sampler sampler,
        NoiseSchedule schedule,
        Optional<String> scheduler,
        List<Double> sigmas,
        OptionalDouble eta,
        int shiftedTimestep,
        OptionalDouble flowShift,
        Optional<String> samplerArguments,
        Optional<SkipLayerGuidance> skipLayerGuidance,
        int clipSkip,
        double strength,
        long seed,
        int batchCount,
        List<Lora> loras,
        Optional<VaeTiling> vaeTiling,
        Optional<StepCache> cache,
        Optional<HighResFix> highResFix) {

    /** The kinds of generation. */
    public enum Task {
        TEXT_TO_IMAGE,
        IMAGE_TO_IMAGE,
        INPAINT
    }
}
