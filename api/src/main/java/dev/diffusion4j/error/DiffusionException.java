package dev.diffusion4j.error;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The root of everything this library throws on purpose. Subclasses say what a caller can do about it.
 *
 * <p>Programming errors are Java's own exceptions: {@link NullPointerException} for a null argument,
 * {@link IllegalStateException} for a call at the wrong time, such as {@link ClosedException} after a close.
 */
public class DiffusionException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public DiffusionException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public DiffusionException(String message, @Nullable Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
    }

    /** What went wrong; there always is a message. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
