package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Map;

/** The options that stand for the API's fields, so that messages speak of what the user typed. */
public final class OptionNames {

    private static final Map<String, String> BY_FIELD = Map.ofEntries(
            Map.entry("prompt", "PROMPT"),
            Map.entry("negativePrompt", "--negative-prompt"),
            Map.entry("width", "--width"),
            Map.entry("height", "--height"),
            Map.entry("steps", "--steps"),
            Map.entry("guidanceScale", "--cfg-scale"),
            Map.entry("imageGuidanceScale", "--image-cfg-scale"),
            Map.entry("distilledGuidance", "--distilled-guidance"),
            Map.entry("sampler", "--sampler"),
            Map.entry("schedule", "--schedule"),
            Map.entry("sigmas", "--sigmas"),
            Map.entry("eta", "--eta"),
            Map.entry("shiftedTimestep", "--shifted-timestep"),
            Map.entry("flowShift", "--flow-shift"),
            Map.entry("samplerArguments", "--sampler-args"),
            Map.entry("skipLayerGuidance.layers", "--skip-layers"),
            Map.entry("skipLayerGuidance.scale", "--slg-scale"),
            Map.entry("skipLayerGuidance.start", "--slg-start"),
            Map.entry("skipLayerGuidance.end", "--slg-end"),
            Map.entry("skipLayerGuidance", "--skip-layers"),
            Map.entry("cache", "--cache"),
            Map.entry("highResFix", "--hires"),
            Map.entry("references", "--reference"),
            Map.entry("identity", "--pm-id-image"),
            Map.entry("identity.styleStrength", "--pm-style-strength"),
            Map.entry("identity.embeddings", "--pm-id-embed-path"),
            Map.entry("onPreview", "--preview"),
            Map.entry("id", "each ID of --decode"),
            Map.entry("latents", "LATENTS"),
            Map.entry("clipSkip", "--clip-skip"),
            Map.entry("seed", "--seed"),
            Map.entry("batchCount", "--batch-count"),
            Map.entry("strength", "--strength"),
            Map.entry("mask", "--mask"),
            Map.entry("control", "--control"),
            Map.entry("control.strength", "--control-strength"),
            Map.entry("control.start", "--control-start"),
            Map.entry("control.end", "--control-end"),
            Map.entry("lora.multiplier", "the weight of --lora"),
            Map.entry("loraFolder", "--lora-dir"),
            Map.entry("embedding", "the name of --embedding"),
            Map.entry("vaeTiling.tileWidth", "the width of --vae-tile-size"),
            Map.entry("vaeTiling.tileHeight", "the height of --vae-tile-size"),
            Map.entry("vaeTiling.overlap", "--vae-tile-overlap"),
            Map.entry("highResFix.scale", "--hires-scale"),
            Map.entry("highResFix.steps", "--hires-steps"),
            Map.entry("highResFix.denoisingStrength", "--hires-strength"),
            Map.entry("highResFix.tileSize", "--hires-tile-size"),
            Map.entry("highResFix.size.width", "the width of --hires-size"),
            Map.entry("highResFix.size.height", "the height of --hires-size"),
            Map.entry("repeat", "--repeat"),
            Map.entry("tileSize", "--tile-size"),
            Map.entry("picture", "the picture"),
            Map.entry("preview.everySteps", "--preview-every"),
            Map.entry("threads", "--threads"),
            Map.entry("memoryBudget", "--vram-budget"),
            Map.entry("device", "--device"),
            Map.entry("port", "--port"),
            Map.entry("host", "--host"),
            Map.entry("model", "each name of -m"),
            Map.entry("apiKey", "the key"),
            Map.entry("allowOrigin", "--allow-origin"),
            Map.entry("queueCapacity", "--queue"),
            Map.entry("keep", "--keep"),
            Map.entry("maxUpload", "--max-upload"),
            Map.entry("maxPixels", "--max-pixels"),
            Map.entry("maxSteps", "--max-steps"),
            Map.entry("maxBatch", "--max-batch"),
            Map.entry("frames", "--frames"),
            Map.entry("framesPerSecond", "--fps"),
            Map.entry("firstFrame", "--first-frame"),
            Map.entry("lastFrame", "--last-frame"),
            Map.entry("controlFrames", "--control-frames"),
            Map.entry("controlStrength", "--control-strength"),
            Map.entry("highNoiseGuidanceScale", "--high-noise-cfg-scale"),
            Map.entry("highNoiseBoundary", "--high-noise-boundary"),
            Map.entry("output", "OUT"),
            Map.entry("weightType", "--type"),
            Map.entry("weightTypeRules", "--type-rules"));

    private OptionNames() {}

    /** The message of the exception, with the option's name in place of the field's where there is one. */
    public static String message(InvalidRequestException e) {
        String option = BY_FIELD.get(e.field());
        return option == null ? e.getMessage() : option + " must be " + e.allowed() + ", not " + e.value();
    }
}
