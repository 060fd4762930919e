package dev.diffusion4j.internal.isolated;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A thread for what is done with channels. They close for good when the thread that uses them is interrupted, and a listener may
 * interrupt the model's; nobody knows this one.
 */
final class ChannelThread implements AutoCloseable {

    private final ExecutorService executor;

    ChannelThread(String name) {
        executor = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name(name).daemon().factory());
    }

    /** Has work done while the caller goes on. */
    <T> Future<T> start(Callable<T> work) {
        return executor.submit(work);
    }

    /** Has work done and waits for it, whatever interrupts. */
    <T> T call(Callable<T> work) throws IOException {
        Future<T> result = start(work);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw failure(Objects.requireNonNullElse(e.getCause(), e));
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static IOException failure(Throwable cause) {
        return switch (cause) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> new IOException(cause);
        };
    }

    /** Ends the thread when the work that was given to it has ended. */
    @Override
    public void close() {
        executor.shutdown();
    }
}
