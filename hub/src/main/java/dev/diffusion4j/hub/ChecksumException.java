package dev.diffusion4j.hub;

/**
 * Content that is not what the hub or the catalog announced: another SHA-256, another git hash, or more bytes. It was
 * deleted.
 */
public final class ChecksumException extends HubException {

    private static final long serialVersionUID = 1L;

    ChecksumException(String message) {
        super(message);
    }
}
