package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.error.OutOfNativeMemoryException;

/** An exception on its way from the child to the parent. */
sealed interface Failure {

    /** Refused by the runtime. */
    record Invalid(String field, String value, String allowed) implements Failure {}

    /** Everything that a message says. */
    record Other(Kind kind, String message) implements Failure {}

    /** Which exception it is. */
    enum Kind {
        CANCELLED,
        MODEL_FILE,
        NATIVE_LIBRARY,
        OUT_OF_MEMORY,
        DEVICE,
        NATIVE_FAILURE
    }

    static Failure of(Throwable thrown) {
        return switch (thrown) {
            case InvalidRequestException e -> new Invalid(e.field(), e.value(), e.allowed());
            case GenerationCancelledException e -> new Other(Kind.CANCELLED, e.getMessage());
            case ModelFileException e -> new Other(Kind.MODEL_FILE, e.getMessage());
            case NativeLibraryException e -> new Other(Kind.NATIVE_LIBRARY, e.getMessage());
            case OutOfNativeMemoryException e -> new Other(Kind.OUT_OF_MEMORY, e.getMessage());
            case OutOfMemoryError e -> new Other(Kind.OUT_OF_MEMORY, "the model's process: " + e.getMessage());
            case DeviceUnavailableException e -> new Other(Kind.DEVICE, e.getMessage());
            case NativeFailureException e -> new Other(Kind.NATIVE_FAILURE, e.getMessage());
            default -> new Other(Kind.NATIVE_FAILURE, "the model's process failed: " + thrown);
        };
    }

    default DiffusionException toException() {
        return switch (this) {
            case Invalid(String field, String value, String allowed) ->
                new InvalidRequestException(field, value, allowed);
            case Other(Kind kind, String message) ->
                switch (kind) {
                    case CANCELLED -> new GenerationCancelledException(message);
                    case MODEL_FILE -> new ModelFileException(message);
                    case NATIVE_LIBRARY -> new NativeLibraryException(message);
                    case OUT_OF_MEMORY -> new OutOfNativeMemoryException(message);
                    case DEVICE -> new DeviceUnavailableException(message);
                    case NATIVE_FAILURE -> new NativeFailureException(message);
                };
        };
    }
}
