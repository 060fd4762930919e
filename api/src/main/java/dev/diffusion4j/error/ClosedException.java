package dev.diffusion4j.error;

/** A model, a tensor or something else that is closed was used afterwards. */
public class ClosedException extends IllegalStateException {

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
