package dev.diffusion4j.spring.boot;

import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeLibraryException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in two sentences why an application did not start, in place of a stack trace. */
final class ModelFailureAnalyzer extends AbstractFailureAnalyzer<DiffusionException> {

    ModelFailureAnalyzer() {}

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, DiffusionException cause) {
        String action = switch (cause) {
            case ModelFileException _ -> "Look at diffusion4j.model and the other properties that name files.";
            case DeviceUnavailableException _ -> "Look at diffusion4j.device and diffusion4j.component-devices.";
            case InvalidRequestException _ -> "Change the property, or remove it to take what is usual for the model.";
            case NativeLibraryException _ -> "Add diffusion4j-natives with the classifier of this platform.";
            default -> null;
        };
        return action == null ? null : new FailureAnalysis(cause.getMessage(), action, cause);
    }
}
