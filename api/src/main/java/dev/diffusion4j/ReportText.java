package dev.diffusion4j;

import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.SchedulerSampling;
import dev.diffusion4j.scheduler.PlannedScheduler;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes reports for people and other tools (the "parameters" text of AUTOMATIC1111) and for machines. */
final class ReportText {

    private static final JsonType<List<Lora>> LORAS = JsonType.listOf(JsonType.of(Lora.class));

    private ReportText() {}

    /** The text that image browsers and web interfaces read. */
    static String text(GenerationReport report, int width, int height) {
        ImageRequest request = report.request();
        Map<String, String> pairs = new LinkedHashMap<>();
        request.steps().ifPresent(steps -> pairs.put("Steps", Integer.toString(steps)));
        switch (request.sampling()) {
            case SchedulerSampling sampling -> {
                pairs.put("Sampler", sampling.scheduler().name());
                pairs.put("Pipeline", "Java");
            }
            case NativeSampling sampling -> putSampler(sampling, pairs);
        }
        request.guidanceScale().ifPresent(scale -> pairs.put("CFG scale", number(scale)));
        request.seed().ifPresent(seed -> pairs.put("Seed", Long.toString(seed)));
        pairs.put("Size", width + "x" + height);
        pairs.put("Model", report.model().replaceFirst("\\.[^.]+$", ""));
        request.initImage()
                .map(InitImage::strength)
                .ifPresent(strength -> pairs.put("Denoising strength", number(strength)));
        request.clipSkip().ifPresent(skip -> pairs.put("Clip skip", Integer.toString(skip)));
        if (request.sampling() instanceof NativeSampling sampling) {
            putOthers(sampling, request, pairs);
        }
        if (!report.loras().isEmpty()) {
            pairs.put("Loras", report.loras().stream().map(ReportText::text).collect(Collectors.joining(", ")));
        }
        pairs.put("Version", report.generator());

        StringBuilder text = new StringBuilder(request.prompt()).append('\n');
        if (!request.negativePrompt().isEmpty()) {
            text.append("Negative prompt: ").append(request.negativePrompt()).append('\n');
        }
        return text.append(pairs.entrySet().stream()
                        .map(pair -> pair.getKey() + ": " + quoted(pair.getValue()))
                        .collect(Collectors.joining(", ")))
                .toString();
    }

    private static void putSampler(NativeSampling sampling, Map<String, String> pairs) {
        sampling.sampler().map(Sampler::title).ifPresent(title -> pairs.put("Sampler", title));
        sampling.schedule().map(NoiseSchedule::title).ifPresent(title -> pairs.put("Schedule type", title));
        if (!sampling.sigmas().isEmpty()) {
            pairs.put(
                    "Sigmas", sampling.sigmas().stream().map(ReportText::number).collect(Collectors.joining(" ")));
        }
    }

    private static void putOthers(NativeSampling sampling, ImageRequest request, Map<String, String> pairs) {
        sampling.imageGuidanceScale().ifPresent(scale -> pairs.put("Image CFG scale", number(scale)));
        sampling.eta().ifPresent(eta -> pairs.put("Eta", number(eta)));
        sampling.highResFix().ifPresent(fix -> {
            pairs.put("Hires upscale", number(fix.scale()));
            pairs.put(
                    "Hires steps",
                    Integer.toString(fix.steps() == 0 ? request.steps().orElse(0) : fix.steps()));
            pairs.put("Hires upscaler", fix.upscaler().name().toLowerCase(Locale.ROOT));
            pairs.put("Denoising strength", number(fix.denoisingStrength()));
        });
    }

    /** A JSON object with everything but the pictures that went in. */
    static String json(GenerationReport report, int width, int height) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("generator", report.generator());
        report.runtime().ifPresent(runtime -> fields.put("runtime", runtime));
        fields.put("model", report.model());
        fields.put("task", report.request().task().toString());
        report.request().seed().ifPresent(seed -> fields.put("seed", seed));
        fields.put("width", width);
        fields.put("height", height);
        report.request().initImage().ifPresent(init -> fields.put("strength", init.strength()));
        if (report.request().sampling() instanceof SchedulerSampling sampling) {
            fields.put("scheduler", sampling.scheduler().name());
        }
        if (!report.loras().isEmpty()) {
            fields.put("loras", LORAS.write(named(report.loras())));
        }
        fields.put("request", Json.read(shown(report.request()).toJson()));
        if (!report.warnings().isEmpty()) {
            fields.put("warnings", report.warnings());
        }
        return Json.write(fields);
    }

    /** LoRAs by the names of their files. */
    static List<Lora> named(List<Lora> loras) {
        return loras.stream()
                .map(lora -> new Lora(lora.path().getFileName(), lora.multiplier(), lora.textEncoderMultiplier()))
                .toList();
    }

    /** Without what makes a file large or tells of the machine: pictures, and folders of LoRAs. */
    private static ImageRequest shown(ImageRequest request) {
        ImageRequest.Builder shown = request.withoutPictures().toBuilder().loras(named(request.loras()));
        // Of a user's own scheduler there is only the name to tell.
        boolean own = request.sampling() instanceof SchedulerSampling sampling
                && !(sampling.scheduler() instanceof PlannedScheduler);
        return own ? shown.sampling(Sampling.standard()).build() : shown.build();
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
