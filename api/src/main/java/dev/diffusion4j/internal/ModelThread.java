package dev.diffusion4j.internal;

import dev.diffusion4j.ClosedException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/**
 * The one thread on which all native calls of a model run, in the order they were made. Its stack is large because the
 * runtime's prompt parser recurses (std::regex): 1 MB overflows at 4,000 characters, 64 MB passed 100,000.
 */
public final class ModelThread {

    private static final long STACK_BYTES = 64L << 20;

    private final ExecutorService executor;
    private volatile Thread thread;

    /**
     * @param name the thread's name
     */
    public ModelThread(String name) {
        executor = Executors.newSingleThreadExecutor(task -> {
            thread = Thread.ofPlatform()
                    .name(name)
                    .daemon()
                    .stackSize(STACK_BYTES)
                    .unstarted(task);
            return thread;
        });
    }

    /** Whether the caller already is on this thread, so that waiting for it would never end. */
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /**
     * Queues work.
     *
     * @throws ClosedException after {@link #shutdown()}
     */
    public void execute(Runnable work) {
        try {
            executor.execute(work);
        } catch (RejectedExecutionException e) {
            throw new ClosedException("the model is closed", e);
        }
    }

    /**
     * Runs work on the thread and waits for it without being interruptible: native work cannot be left half done. On the
     * thread itself, in a listener, it runs at once.
     */
    public <T> T call(Callable<T> work) {
        if (isCurrent()) {
            try {
                return work.call();
            } catch (Exception e) {
                throw rethrow(e);
            }
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        execute(() -> {
            try {
                result.complete(work.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw rethrow(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Takes no more work; what is queued still runs, and the thread ends after it. */
    public void shutdown() {
        executor.shutdown();
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> RuntimeException rethrow(Throwable failure) throws E {
        throw (E) failure;
    }
}
