package dev.diffusion4j.hub;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Work on a thread of its own, which alone is interrupted when the work is given up: an interrupt that came from a
 * {@link DownloadCancellation} cannot reach anything else that the caller's thread does.
 */
final class CancellableTask {

    private CancellableTask() {}

    /**
     * Runs the work and waits for its end, which comes soon after an interrupt.
     *
     * @throws DownloadCancelledException if it was given up, by an interrupt of the caller's thread or by the handle
     */
    static <T> T run(Callable<T> work, DownloadCancellation cancellation) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = Thread.ofPlatform().name("diffusion4j-hub").daemon().start(task);
        Runnable interrupt = thread::interrupt;
        cancellation.onCancel(interrupt);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    thread.join();
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    thread.interrupt();
                }
            }
        } catch (ExecutionException e) {
            throw failure(Objects.requireNonNullElse(e.getCause(), e));
        } finally {
            cancellation.forget(interrupt);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException failure(Throwable cause) {
        return switch (cause) {
            case InterruptedException e ->
                new DownloadCancelledException("the download was cancelled; what came is kept");
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new IllegalStateException("checked exceptions are caught where they are thrown", cause);
        };
    }
}
