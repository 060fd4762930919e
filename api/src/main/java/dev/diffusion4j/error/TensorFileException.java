package dev.diffusion4j.error;

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
     * @param cause what it was caused by
     */
    public TensorFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
