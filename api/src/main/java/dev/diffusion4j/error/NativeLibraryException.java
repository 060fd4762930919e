package dev.diffusion4j.error;

import org.jspecify.annotations.Nullable;

/** The native library is missing, is not the one this version was built for, or cannot be loaded here. */
public class NativeLibraryException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public NativeLibraryException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public NativeLibraryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
