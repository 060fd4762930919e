package dev.diffusion4j.cli;

import dev.diffusion4j.Generation;
import dev.diffusion4j.error.GenerationCancelledException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Carries the wish to stop, from Ctrl-C to the work that is under way, and back that the work has stopped: native code
 * must not run any more when the process ends.
 */
public final class Cancellation {

    private final CountDownLatch finished = new CountDownLatch(1);
    private boolean working;
    private boolean requested;
    private Runnable stop;

    /** Says that work began which has to be stopped in order. */
    synchronized void begin() {
        working = true;
    }

    /** The generation to cancel from now on. */
    void watch(Generation<?> running) {
        onRequest(running::cancel);
    }

    /** What stops the work from now on. */
    synchronized void onRequest(Runnable action) {
        stop = action;
        if (requested) {
            action.run();
        }
    }

    /**
     * Ends work between two parts that cannot be interrupted.
     *
     * @throws GenerationCancelledException if the user wants to stop
     */
    synchronized void check() {
        if (requested) {
            throw new GenerationCancelledException("cancelled");
        }
    }

    /**
     * Asks to stop.
     *
     * @return whether there is work to wait for
     */
    synchronized boolean request() {
        requested = true;
        if (stop != null) {
            stop.run();
        }
        return working;
    }

    /** Says that everything is done, messages included. */
    void finish() {
        finished.countDown();
    }

    /** Waits until {@link #finish()} was called; false if that took too long. */
    boolean awaitFinish(Duration limit) throws InterruptedException {
        return finished.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }
}
