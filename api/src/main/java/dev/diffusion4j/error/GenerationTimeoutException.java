package dev.diffusion4j.error;

import java.time.Duration;
import java.util.Objects;

/** A generation took longer than the caller was ready to wait, and was cancelled. The model stays usable. */
public class GenerationTimeoutException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    private final Duration timeout;

    /**
     * @param timeout how long it was waited for
     */
    public GenerationTimeoutException(Duration timeout) {
        super("the generation did not end within " + timeout + " and was cancelled");
        this.timeout = Objects.requireNonNull(timeout, "timeout");
    }

    /** How long it was waited for. */
    public Duration timeout() {
        return timeout;
    }
}
