package dev.diffusion4j.error;

import org.jspecify.annotations.Nullable;

/** The native runtime reported a failure; the message ends with its own last words. */
public class NativeFailureException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public NativeFailureException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public NativeFailureException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
