package dev.diffusion4j.error;

import org.jspecify.annotations.Nullable;

/**
 * A generation was cancelled, or the thread that waited for a generation or another call of the model was interrupted. The model
 * stays usable.
 */
public class GenerationCancelledException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public GenerationCancelledException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public GenerationCancelledException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
