package dev.diffusion4j;

import dev.diffusion4j.internal.loader.LibraryVersion;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Lora;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The report of how a picture was made: what PNG files carry and the command line prints. Immutable.
 */
public final class GenerationReport {

    private final ImageRequest request;
    private final String model;
    private final Optional<String> runtime;
    private final List<Lora> loras;
    private final List<String> warnings;

    /**
     * @param loras all that were applied, those that the prompt names among them
     * @param runtime the source of the native library that drew the picture
     */
    GenerationReport(
            ImageRequest request, List<Lora> loras, String model, Optional<String> runtime, List<String> warnings) {
        this.request = request;
        this.loras = List.copyOf(loras);
        this.model = model;
        this.runtime = runtime;
        this.warnings = List.copyOf(warnings);
    }

    /**
     * A report, as models make them, and an application's tests may.
     *
     * @param request for this one picture: with its own seed, and with all that was a model's default
     * @param model the name of the model's file
     * @param warnings what was asked for and not done, a sentence each
     */
    public static GenerationReport of(ImageRequest request, String model, List<String> warnings) {
        Objects.requireNonNull(model, "model");
        return new GenerationReport(request, request.loras(), model, Optional.empty(), warnings);
    }

    /**
     * The request that draws this very picture again: its seed, a batch of one, and in place of the model's defaults what they
     * were.
     */
    public ImageRequest request() {
        return request;
    }

    /** All LoRAs that were applied, in order, those that the prompt names among them. */
    public List<Lora> loras() {
        return loras;
    }

    /** The name of the model's file. */
    public String model() {
        return model;
    }

    /** What was asked for and not done, such as components of a LoRA that the model has no use for: a sentence each. */
    public List<String> warnings() {
        return warnings;
    }

    /** The source of the native library that drew the picture; empty if none did. */
    public Optional<String> runtime() {
        return runtime;
    }

    /** The program that made the picture, with its version. */
    public String generator() {
        return program();
    }

    static String program() {
        return "Diffusion4J " + LibraryVersion.current();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GenerationReport report
                && request.equals(report.request)
                && loras.equals(report.loras)
                && model.equals(report.model)
                && runtime.equals(report.runtime)
                && warnings.equals(report.warnings);
    }

    @Override
    public int hashCode() {
        return Objects.hash(request, loras, model, runtime, warnings);
    }

    /** Such as {@code text-to-image "a red circle" on model.safetensors}. */
    @Override
    public String toString() {
        return request + " on " + model;
    }
}
