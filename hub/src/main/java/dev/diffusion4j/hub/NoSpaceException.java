package dev.diffusion4j.hub;

/**
 * Too little free space in the file system of the cache.
 */
public final class NoSpaceException extends HubException {

    private static final long serialVersionUID = 1L;

    private final long required;
    private final long available;

    NoSpaceException(String message, long required, long available) {
        super(message);
        this.required = required;
        this.available = available;
    }

    /** The bytes that are still to be downloaded. */
    public long required() {
        return required;
    }

    /** The bytes that are free. */
    public long available() {
        return available;
    }
}
