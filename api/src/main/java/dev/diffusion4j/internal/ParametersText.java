package dev.diffusion4j.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.GenerationParameters;
import dev.diffusion4j.HighResFix;
import dev.diffusion4j.Lora;
import dev.diffusion4j.SkipLayerGuidance;
import dev.diffusion4j.StepCache;
import dev.diffusion4j.VaeTiling;
import dev.diffusion4j.runtime.NativeRuntime;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes generation parameters for people and other tools (the "parameters" text of AUTOMATIC1111) and for machines. */
public final class ParametersText {

    private static final ObjectMapper JSON = new ObjectMapper();

    private ParametersText() {}

    /** The text that image browsers and web interfaces read. */
    public static String text(GenerationParameters p, long seed, int width, int height, String model) {
        Map<String, String> pairs = new LinkedHashMap<>();
        pairs.put("Steps", Integer.toString(p.steps()));
        pairs.put("Sampler", p.scheduler().orElse(p.sampler().title()));
        if (p.scheduler().isPresent()) {
            pairs.put("Pipeline", "Java");
        } else if (p.sigmas().isEmpty()) {
            pairs.put("Schedule type", p.schedule().title());
        } else {
            pairs.put("Sigmas", p.sigmas().stream().map(ParametersText::number).collect(Collectors.joining(" ")));
        }
        pairs.put("CFG scale", number(p.guidanceScale()));
        pairs.put("Seed", Long.toString(seed));
        pairs.put("Size", width + "x" + height);
        pairs.put("Model", model.replaceFirst("\\.[^.]+$", ""));
        if (p.task() != GenerationParameters.Task.TEXT_TO_IMAGE) {
            pairs.put("Denoising strength", number(p.strength()));
        }
        if (p.clipSkip() > 0) {
            pairs.put("Clip skip", Integer.toString(p.clipSkip()));
        }
        p.imageGuidanceScale().ifPresent(scale -> pairs.put("Image CFG scale", number(scale)));
        p.eta().ifPresent(eta -> pairs.put("Eta", number(eta)));
        p.highResFix().ifPresent(fix -> {
            pairs.put("Hires upscale", number(fix.scale()));
            pairs.put("Hires steps", Integer.toString(fix.steps() == 0 ? p.steps() : fix.steps()));
            pairs.put("Hires upscaler", fix.upscaler().name().toLowerCase(Locale.ROOT));
            pairs.put("Denoising strength", number(fix.denoisingStrength()));
        });
        if (!p.loras().isEmpty()) {
            pairs.put("Loras", p.loras().stream().map(ParametersText::text).collect(Collectors.joining(", ")));
        }
        pairs.put("Version", "Diffusion4J " + NativeRuntime.version());

        StringBuilder text = new StringBuilder(p.prompt()).append('\n');
        if (!p.negativePrompt().isEmpty()) {
            text.append("Negative prompt: ").append(p.negativePrompt()).append('\n');
        }
        return text.append(pairs.entrySet().stream()
                        .map(pair -> pair.getKey() + ": " + quoted(pair.getValue()))
                        .collect(Collectors.joining(", ")))
                .toString();
    }

    /** A JSON object with everything. */
    public static String json(GenerationParameters p, long seed, int width, int height, String model) {
        ObjectNode node = JSON.createObjectNode();
        node.put("generator", "Diffusion4J " + NativeRuntime.version());
        node.put("runtime", NativeRuntime.sourceVersion());
        node.put("model", model);
        node.put("task", p.task().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        node.put("prompt", p.prompt());
        node.put("negativePrompt", p.negativePrompt());
        node.put("seed", seed);
        node.put("width", width);
        node.put("height", height);
        node.put("steps", p.steps());
        node.put("guidanceScale", p.guidanceScale());
        p.imageGuidanceScale().ifPresent(scale -> node.put("imageGuidanceScale", scale));
        node.put("distilledGuidance", p.distilledGuidance());
        p.scheduler().ifPresentOrElse(scheduler -> node.put("scheduler", scheduler), () -> {
            node.put("sampler", p.sampler().cliName());
            node.put("schedule", p.schedule().cliName());
        });
        if (!p.sigmas().isEmpty()) {
            ArrayNode sigmas = node.putArray("sigmas");
            p.sigmas().forEach(sigmas::add);
        }
        p.eta().ifPresent(eta -> node.put("eta", eta));
        node.put("shiftedTimestep", p.shiftedTimestep());
        p.flowShift().ifPresent(shift -> node.put("flowShift", shift));
        p.samplerArguments().ifPresent(arguments -> node.put("samplerArguments", arguments));
        p.skipLayerGuidance().ifPresent(skip -> put(node.putObject("skipLayerGuidance"), skip));
        node.put("clipSkip", p.clipSkip());
        node.put("strength", p.strength());
        if (!p.loras().isEmpty()) {
            ArrayNode loras = node.putArray("loras");
            for (Lora lora : p.loras()) {
                ObjectNode entry = loras.addObject();
                entry.put("file", fileName(lora.path())).put("multiplier", lora.multiplier());
                if (lora.textEncoderMultiplier() != lora.multiplier()) {
                    entry.put("textEncoderMultiplier", lora.textEncoderMultiplier());
                }
            }
        }
        p.vaeTiling().ifPresent(tiling -> put(node.putObject("vaeTiling"), tiling));
        p.cache().ifPresent(cache -> put(node.putObject("cache"), cache));
        p.highResFix().ifPresent(fix -> put(node.putObject("highResFix"), fix));
        try {
            return JSON.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values can always be written", e);
        }
    }

    private static void put(ObjectNode node, SkipLayerGuidance skip) {
        ArrayNode layers = node.putArray("layers");
        skip.layers().forEach(layers::add);
        node.put("scale", skip.scale()).put("start", skip.start()).put("end", skip.end());
    }

    private static void put(ObjectNode node, VaeTiling tiling) {
        node.put("tileWidth", tiling.tileWidth())
                .put("tileHeight", tiling.tileHeight())
                .put("overlap", tiling.overlap());
    }

    private static void put(ObjectNode node, StepCache cache) {
        switch (cache) {
            case StepCache.Reuse reuse ->
                node.put("method", reuse.method().name().toLowerCase(Locale.ROOT))
                        .put("threshold", reuse.threshold())
                        .put("start", reuse.start())
                        .put("end", reuse.end())
                        .put("errorDecayRate", reuse.errorDecayRate())
                        .put("relativeThreshold", reuse.relativeThreshold())
                        .put("resetErrorOnCompute", reuse.resetErrorOnCompute());
            case StepCache.Blocks blocks -> {
                node.put("method", blocks.method().name().toLowerCase(Locale.ROOT))
                        .put("firstBlocks", blocks.firstBlocks())
                        .put("lastBlocks", blocks.lastBlocks())
                        .put("residualThreshold", blocks.residualThreshold())
                        .put("warmupSteps", blocks.warmupSteps())
                        .put("maxCachedSteps", blocks.maxCachedSteps())
                        .put("maxContinuousCachedSteps", blocks.maxContinuousCachedSteps())
                        .put("taylorDerivatives", blocks.taylorDerivatives())
                        .put("taylorSkipInterval", blocks.taylorSkipInterval())
                        .put("dynamicStepMask", blocks.dynamicStepMask());
                blocks.stepMask().ifPresent(mask -> node.put("stepMask", mask));
            }
            case StepCache.Spectrum spectrum ->
                node.put("method", "spectrum")
                        .put("weight", spectrum.weight())
                        .put("order", spectrum.order())
                        .put("regularization", spectrum.regularization())
                        .put("window", spectrum.window())
                        .put("flexWindow", spectrum.flexWindow())
                        .put("warmupSteps", spectrum.warmupSteps())
                        .put("stop", spectrum.stop());
        }
    }

    private static void put(ObjectNode node, HighResFix fix) {
        node.put("upscaler", fix.upscaler().name().toLowerCase(Locale.ROOT))
                .put("scale", fix.scale())
                .put("steps", fix.steps())
                .put("denoisingStrength", fix.denoisingStrength());
    }

    private static String text(Lora lora) {
        String name = fileName(lora.path()) + ": ";
        return lora.textEncoderMultiplier() == lora.multiplier()
                ? name + number(lora.multiplier())
                : name + number(lora.textEncoderMultiplier()) + ": " + number(lora.multiplier());
    }

    private static String fileName(Path path) {
        return path.getFileName().toString();
    }

    private static String number(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /** Values with separators in them are quoted, as the tools that read the text expect. */
    private static String quoted(String value) {
        if (!value.contains(",") && !value.contains(":") && !value.contains("\n")) {
            return value;
        }
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
