package dev.diffusion4j.hub;

import java.util.List;

/**
 * A quantization that a repository does not offer.
 */
public final class NoSuchQuantException extends HubException {

    private static final long serialVersionUID = 1L;

    private final String[] available;

    NoSuchQuantException(String message, List<String> available) {
        super(message);
        this.available = available.toArray(String[]::new);
    }

    /** The quantizations that it does offer, such as {@code Q8_0}, in the order of the alphabet; may be empty. */
    public List<String> available() {
        return List.of(available);
    }
}
