package dev.diffusion4j.error;

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
     * @param cause what it was caused by
     */
    public ImageFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
