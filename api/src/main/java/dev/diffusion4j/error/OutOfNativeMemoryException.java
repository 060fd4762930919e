package dev.diffusion4j.error;

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
     * @param cause what it was caused by
     */
    public OutOfNativeMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
