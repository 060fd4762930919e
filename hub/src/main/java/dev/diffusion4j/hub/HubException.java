package dev.diffusion4j.hub;

import java.util.Objects;

/**
 * The root of everything that this module throws on purpose. Subclasses say what a caller can do about it; this class itself
 * stands for what only a person can mend, such as a configuration that makes no sense. No message holds an access token.
 */
public class HubException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    HubException(String message) {
        super(Objects.requireNonNull(message, "message"));
    }

    HubException(String message, Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
    }

    /** What went wrong; there always is a message. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
