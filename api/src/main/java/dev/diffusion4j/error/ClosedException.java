package dev.diffusion4j.error;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A model, a tensor or something else that is closed was used afterwards. */
public class ClosedException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public ClosedException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }

    /**
     * @param message what went wrong, in one line that a user may read
     * @param cause what it was caused by, or null
     */
    public ClosedException(String message, @Nullable Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
    }
}
