package dev.diffusion4j.hub;

/**
 * A call that was given up: its {@link DownloadCancellation} was used, or its thread was interrupted, which stays marked as
 * interrupted. What was downloaded so far is kept, and the next call goes on from there.
 */
public final class DownloadCancelledException extends HubException {

    private static final long serialVersionUID = 1L;

    DownloadCancelledException(String message) {
        super(message);
    }
}
