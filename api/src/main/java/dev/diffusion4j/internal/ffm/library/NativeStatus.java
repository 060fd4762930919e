package dev.diffusion4j.internal.ffm.library;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.OutOfNativeMemoryException;

/** Turns the status of a guarded native call into an exception. */
public final class NativeStatus {

    private NativeStatus() {}

    /** Throws what the status stands for; {@code action} begins the message: "opening the model". */
    public static void check(int status, String action) {
        if (status != D4j.D4J_OK()) {
            throw exception(status, action);
        }
    }

    private static DiffusionException exception(int status, String action) {
        String reason = D4j.d4j_last_error().getString(0);
        String message = action + " failed: " + (reason.isBlank() ? "the runtime gave no reason" : reason);
        if (status == D4j.D4J_CANCELLED()) {
            return new GenerationCancelledException("the generation was cancelled");
        } else if (status == D4j.D4J_LOAD_FAILED()) {
            return new ModelFileException(message);
        } else if (status == D4j.D4J_OUT_OF_MEMORY()) {
            return new OutOfNativeMemoryException(message);
        } else if (status == D4j.D4J_INVALID()) {
            return new InvalidRequestException("request", reason, "one that the runtime accepts");
        } else if (status == D4j.D4J_UNAVAILABLE()) {
            return new DeviceUnavailableException(message);
        } else if (status == D4j.D4J_POISONED()) {
            return new NativeFailureException(message + "; close this model and open it again");
        }
        return new NativeFailureException(message);
    }
}
