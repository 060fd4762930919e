package dev.diffusion4j.hub;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A hub that cannot be reached, does not answer in time or says that it is busy or broken, in spite of several tries. It may
 * work later.
 */
public final class HubUnavailableException extends HubException {

    private static final long serialVersionUID = 1L;

    private final @Nullable Duration retryAfter;

    HubUnavailableException(String message, Throwable cause) {
        super(message, cause);
        this.retryAfter = null;
    }

    HubUnavailableException(String message, Optional<Duration> retryAfter) {
        super(message);
        this.retryAfter = retryAfter.orElse(null);
    }

    /** How long the hub asked to wait, if it did. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
