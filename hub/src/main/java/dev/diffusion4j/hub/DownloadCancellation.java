package dev.diffusion4j.hub;

import java.util.ArrayList;
import java.util.List;

/**
 * A handle by which any thread gives up calls of {@link ModelHub} that were started with it. It works once, for all of them, and
 * for those that start later. Safe for use by several threads.
 */
public final class DownloadCancellation {

    private final List<Runnable> actions = new ArrayList<>();
    private boolean cancelled;

    /** A handle that was not used yet. */
    public DownloadCancellation() {}

    /** Gives up the calls; they end soon, by a {@link DownloadCancelledException}. */
    public void cancel() {
        List<Runnable> pending;
        synchronized (this) {
            cancelled = true;
            pending = List.copyOf(actions);
        }
        pending.forEach(Runnable::run);
    }

    /** Whether {@link #cancel} was called. */
    public synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Has an action run on cancelling, at once if that was before. */
    void onCancel(Runnable action) {
        boolean late;
        synchronized (this) {
            late = cancelled;
            actions.add(action);
        }
        if (late) {
            action.run();
        }
    }

    synchronized void forget(Runnable action) {
        actions.remove(action);
    }
}
