package dev.diffusion4j.error;

import org.jspecify.annotations.Nullable;

/** A model, LoRA or embedding file is missing, unreadable, damaged or of a kind that is not supported. */
public class ModelFileException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public ModelFileException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public ModelFileException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
