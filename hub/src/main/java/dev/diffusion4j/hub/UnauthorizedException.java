package dev.diffusion4j.hub;

/**
 * A token that is missing, not valid or without the right to read a repository. Without a token, hubs answer so for a
 * repository that does not exist, too.
 */
public final class UnauthorizedException extends HubException {

    private static final long serialVersionUID = 1L;

    UnauthorizedException(String message) {
        super(message);
    }
}
