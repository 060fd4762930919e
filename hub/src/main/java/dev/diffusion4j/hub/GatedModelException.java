package dev.diffusion4j.hub;

import java.net.URI;

/**
 * A repository whose licence has to be accepted on its page first, by the account that the token belongs to.
 */
public final class GatedModelException extends HubException {

    private static final long serialVersionUID = 1L;

    private final URI page;

    GatedModelException(String message, URI page) {
        super(message);
        this.page = page;
    }

    /** The page where a person accepts the licence. */
    public URI page() {
        return page;
    }
}
