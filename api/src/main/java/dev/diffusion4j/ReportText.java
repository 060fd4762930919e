package dev.diffusion4j;

import dev.diffusion4j.image.PictureParameters;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.request.Control;
import dev.diffusion4j.request.Identity;
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
import org.jspecify.annotations.Nullable;

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
        pairs.put("Model", withoutEnding(report.model()));
        request.initImage()
                .map(InitImage::strength)
                .ifPresent(strength -> pairs.put("Denoising strength", number(strength)));
        request.clipSkip().ifPresent(skip -> pairs.put("Clip skip", Integer.toString(skip)));
        if (request.sampling() instanceof NativeSampling sampling) {
            putOthers(sampling, request, pairs);
        }
        for (int i = 0; i < request.controls().size(); i++) {
            pairs.put("ControlNet " + i, text(request.controls().get(i)));
        }
        request.identity().ifPresent(identity -> {
            pairs.put("PhotoMaker style strength", number(identity.styleStrength()));
            pairs.put(
                    "PhotoMaker first step",
                    Integer.toString(identity.firstStep(request.steps().orElse(0))));
        });
        if (!report.loras().isEmpty()) {
            pairs.put("Loras", report.loras().stream().map(ReportText::text).collect(Collectors.joining(", ")));
        }
        pairs.put("Version", report.generator());

        StringBuilder text = new StringBuilder(request.prompt()).append('\n');
        if (!request.negativePrompt().isEmpty()) {
            text.append("Negative prompt: ").append(request.negativePrompt()).append('\n');
        }
        return text.append(joined(pairs)).toString();
    }

    private static String joined(Map<String, String> pairs) {
        return pairs.entrySet().stream()
                .map(pair -> pair.getKey() + ": " + quoted(pair.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** What is known of the picture that was enlarged, and by what it was. */
    static String text(UpscaledImage image) {
        Map<String, String> pairs = new LinkedHashMap<>();
        pairs.put("Postprocess upscale by", Integer.toString(image.factor()));
        pairs.put("Postprocess upscaler", withoutEnding(image.upscaler()));
        return image.request()
                .parameters()
                .map(parameters -> parameters.text() + ", " + joined(pairs))
                .orElseGet(() -> joined(pairs));
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
            fix.size()
                    .ifPresentOrElse(
                            size -> pairs.put("Hires resize", size.width() + "x" + size.height()),
                            () -> pairs.put("Hires upscale", number(fix.scale())));
            pairs.put(
                    "Hires steps",
                    Integer.toString(fix.steps() == 0 ? request.steps().orElse(0) : fix.steps()));
            pairs.put(
                    "Hires upscaler",
                    fix.upscalerModel()
                            .map(file -> withoutEnding(fileName(file)))
                            .orElseGet(() -> fix.upscaler().name().toLowerCase(Locale.ROOT)));
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
        report.request().identity().ifPresent(identity -> fields.put("identity", identity(identity, report)));
        if (report.request().sampling() instanceof SchedulerSampling sampling) {
            fields.put("scheduler", sampling.scheduler().name());
        }
        if (!report.loras().isEmpty()) {
            fields.put("loras", LORAS.write(named(report.loras())));
        }
        if (!report.request().controls().isEmpty()) {
            fields.put(
                    "controls",
                    report.request().controls().stream().map(ReportText::fields).toList());
        }
        fields.put("request", Json.read(shown(report.request()).toJson()));
        if (!report.warnings().isEmpty()) {
            fields.put("warnings", report.warnings());
        }
        return Json.write(fields);
    }

    /** The JSON object of the picture that was enlarged, if there is one, with what is new. */
    static String json(UpscaledImage image, String runtime) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("generator", GenerationReport.program());
        image.request().parameters().flatMap(PictureParameters::json).ifPresent(json -> fields.putAll(object(json)));
        fields.put("width", image.width());
        fields.put("height", image.height());
        Map<String, Object> upscaling = new LinkedHashMap<>();
        upscaling.put("model", image.upscaler());
        if (!runtime.isEmpty()) {
            upscaling.put("runtime", runtime);
        }
        upscaling.put("factor", image.factor());
        upscaling.put("repeat", image.request().repeat());
        upscaling.put("tileSize", image.request().tileSize());
        if (!image.warnings().isEmpty()) {
            upscaling.put("warnings", image.warnings());
        }
        fields.put("upscaling", upscaling);
        return Json.write(fields);
    }

    /** Nothing if somebody else wrote something else there. */
    private static Map<String, @Nullable Object> object(String json) {
        try {
            return JsonType.object(Json.read(json));
        } catch (JsonFormatException e) {
            return Map.of();
        }
    }

    /** Without its pictures, and with what followed from it. */
    private static Map<String, Object> identity(Identity identity, GenerationReport report) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("pictures", identity.pictures().size());
        fields.put("styleStrength", identity.styleStrength());
        fields.put("firstStep", identity.firstStep(report.request().steps().orElse(0)));
        return fields;
    }

    /** LoRAs by the names of their files. */
    static List<Lora> named(List<Lora> loras) {
        return loras.stream()
                .map(lora -> new Lora(lora.path().getFileName(), lora.multiplier(), lora.textEncoderMultiplier()))
                .toList();
    }

    /** Without what makes a file large or tells of the machine: pictures, and folders of LoRAs and upscalers. */
    private static ImageRequest shown(ImageRequest request) {
        ImageRequest.Builder shown = request.withoutPictures().toBuilder().loras(named(request.loras()));
        if (request.sampling() instanceof NativeSampling sampling) {
            sampling.highResFix()
                    .flatMap(fix -> fix.upscalerModel().map(model -> fix.withUpscalerModel(model.getFileName())))
                    .ifPresent(fix -> shown.sampling(sampling.withHighResFix(fix)));
        }
        // Of a user's own scheduler there is only the name to tell.
        boolean own = request.sampling() instanceof SchedulerSampling sampling
                && !(sampling.scheduler() instanceof PlannedScheduler);
        return own ? shown.sampling(Sampling.standard()).build() : shown.build();
    }

    /** As AUTOMATIC1111's extension tells them. */
    private static String text(Control control) {
        return "Model: " + control.controlNet().orElse("") + ", Weight: " + number(control.strength())
                + ", Guidance Start: " + number(control.start()) + ", Guidance End: " + number(control.end());
    }

    /** Without the picture. */
    private static Map<String, Object> fields(Control control) {
        Map<String, Object> fields = new LinkedHashMap<>();
        control.controlNet().ifPresent(name -> fields.put("controlNet", name));
        fields.put("strength", control.strength());
        fields.put("start", control.start());
        fields.put("end", control.end());
        return fields;
    }

    private static String text(Lora lora) {
        String name = fileName(lora.path()) + ": ";
        return lora.textEncoderMultiplier() == lora.multiplier()
                ? name + number(lora.multiplier())
                : name + number(lora.textEncoderMultiplier()) + ": " + number(lora.multiplier());
    }

    static String withoutEnding(String name) {
        return name.replaceFirst("\\.[^.]+$", "");
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
