package dev.diffusion4j.error;

import org.jspecify.annotations.Nullable;

/** The native runtime could not get the memory it needs, in RAM or on the device. */
public class OutOfNativeMemoryException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public OutOfNativeMemoryException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public OutOfNativeMemoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
