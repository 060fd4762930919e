package dev.diffusion4j;

/** A model was used after it was closed. */
public class ClosedException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public ClosedException(String message) {
        super(message);
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by
     */
    public ClosedException(String message, Throwable cause) {
        super(message, cause);
    }
}
