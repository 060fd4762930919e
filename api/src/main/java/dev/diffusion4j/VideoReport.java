package dev.diffusion4j;

import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.loader.LibraryVersion;
import dev.diffusion4j.request.VideoRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The report of how a video was made: what files carry and the command line prints. Immutable. */
public final class VideoReport {

    private final VideoRequest request;
    private final String model;
    private final Optional<String> runtime;
    private final List<String> warnings;

    /** @param runtime the source of the native library that drew the video */
    VideoReport(VideoRequest request, String model, Optional<String> runtime, List<String> warnings) {
        this.request = Objects.requireNonNull(request, "request");
        this.model = Objects.requireNonNull(model, "model");
        this.runtime = runtime;
        this.warnings = List.copyOf(warnings);
    }

    /**
     * A report, as models make them, and an application's tests may.
     *
     * @param request with its seed, and with all that was a model's default
     * @param model the name of the model's file
     * @param warnings what was asked for and not done, a sentence each
     */
    public static VideoReport of(VideoRequest request, String model, List<String> warnings) {
        return new VideoReport(request, model, Optional.empty(), warnings);
    }

    /** The request that draws this very video again: its seed, and in place of the model's defaults what they were. */
    public VideoRequest request() {
        return request;
    }

    /** The name of the model's file. */
    public String model() {
        return model;
    }

    /** What was asked for and not done: a sentence each. */
    public List<String> warnings() {
        return warnings;
    }

    /** The source of the native library that drew the video; empty if none did. */
    public Optional<String> runtime() {
        return runtime;
    }

    /** The program that made the video, with its version. */
    public String generator() {
        return "Diffusion4J " + LibraryVersion.current();
    }

    /** A JSON object with everything but the pictures that went in, and folders of LoRAs. */
    String toJson(int width, int height, int frames) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("generator", generator());
        runtime.ifPresent(source -> fields.put("runtime", source));
        fields.put("model", model);
        fields.put("task", "video");
        request.seed().ifPresent(seed -> fields.put("seed", seed));
        fields.put("width", width);
        fields.put("height", height);
        fields.put("frames", frames);
        request.framesPerSecond().ifPresent(rate -> fields.put("framesPerSecond", rate));
        VideoRequest shown = request.withoutPictures().toBuilder()
                .loras(ReportText.named(request.loras()))
                .build();
        fields.put("request", Json.read(shown.toJson()));
        if (!warnings.isEmpty()) {
            fields.put("warnings", warnings);
        }
        return Json.write(fields);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof VideoReport report
                && request.equals(report.request)
                && model.equals(report.model)
                && runtime.equals(report.runtime)
                && warnings.equals(report.warnings);
    }

    @Override
    public int hashCode() {
        return Objects.hash(request, model, runtime, warnings);
    }

    /** Such as {@code video "waves" on model.safetensors}. */
    @Override
    public String toString() {
        return request + " on " + model;
    }
}
