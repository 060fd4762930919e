package dev.diffusion4j.hub;

/**
 * A file or folder of the cache that cannot be read or written. The message names it.
 */
public final class CacheAccessException extends HubException {

    private static final long serialVersionUID = 1L;

    CacheAccessException(String message, Throwable cause) {
        super(message, cause);
    }
}
