package dev.diffusion4j.error;

import org.jspecify.annotations.Nullable;

/** A picture could not be read or written. */
public class ImageFileException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public ImageFileException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public ImageFileException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
