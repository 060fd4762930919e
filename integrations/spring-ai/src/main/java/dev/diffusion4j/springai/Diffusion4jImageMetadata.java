package dev.diffusion4j.springai;

import dev.diffusion4j.GenerationReport;
import java.util.List;
import java.util.Objects;
import org.springframework.ai.image.ImageGenerationMetadata;

/** How a picture was made. Immutable. */
public final class Diffusion4jImageMetadata implements ImageGenerationMetadata {

    private final GenerationReport report;

    Diffusion4jImageMetadata(GenerationReport report) {
        this.report = Objects.requireNonNull(report, "report");
    }

    /** The seed that draws this very picture again, with {@code n} 1. */
    public long getSeed() {
        return report.request().seed().orElse(0);
    }

    /** What was asked for and not done, a sentence each. */
    public List<String> getWarnings() {
        return report.warnings();
    }

    /** Everything about it, the request that draws it again among that. */
    public GenerationReport getReport() {
        return report;
    }

    /** Such as {@code text-to-image "a red circle" on model.safetensors}. */
    @Override
    public String toString() {
        return report.toString();
    }
}
