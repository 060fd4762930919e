package dev.diffusion4j.hub;

/**
 * An answer that a hub does not give: the endpoint is something else, a proxy or a login page stands between, or the hub is
 * newer than this version.
 */
public final class HubProtocolException extends HubException {

    private static final long serialVersionUID = 1L;

    HubProtocolException(String message) {
        super(message);
    }

    HubProtocolException(String message, Throwable cause) {
        super(message, cause);
    }
}
