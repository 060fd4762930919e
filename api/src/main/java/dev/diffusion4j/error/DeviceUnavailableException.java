package dev.diffusion4j.error;

/**
 * A device is not there: none of the kind that was asked for, no server at the address, or the server was lost while it
 * was in use. A model that was open on a lost server can only be closed.
 */
public class DeviceUnavailableException extends DiffusionException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what went wrong, in one line that a user may read
     */
    public DeviceUnavailableException(String message) {
        super(message);
    }
}
