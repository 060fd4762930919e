package dev.diffusion4j.hub;

/**
 * A text that is no {@link ModelReference}. The message says what is wrong with it.
 */
public final class InvalidReferenceException extends HubException {

    private static final long serialVersionUID = 1L;

    InvalidReferenceException(String message) {
        super(message);
    }
}
