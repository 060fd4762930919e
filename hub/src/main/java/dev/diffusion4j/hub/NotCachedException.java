package dev.diffusion4j.hub;

/**
 * A file that is not on this machine, while no request may be sent.
 */
public final class NotCachedException extends HubException {

    private static final long serialVersionUID = 1L;

    NotCachedException(String message) {
        super(message);
    }
}
