package dev.diffusion4j.error;

import org.jspecify.annotations.Nullable;

/** A tensor file could not be read or written, is damaged, or holds something else than float arrays. */
public class TensorFileException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public TensorFileException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public TensorFileException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
