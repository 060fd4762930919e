package dev.diffusion4j.internal.engine;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one thread on which all native calls of a model run, in the order they were made. Its stack is large because the
 * runtime's prompt parser recurses (std::regex): 1 MB overflows at 4,000 characters, 64 MB passed 100,000.
 */
public final class EngineThread {

    private static final long STACK_BYTES = 64L << 20;

    private static final String INTERRUPTED = "the thread was interrupted before its call began";

    private final ThreadPoolExecutor executor;
    /** Null until the executor makes it. */
    private volatile @Nullable Thread thread;
    /** Whether native code works. Used on the thread alone. */
    private boolean occupied;

    /**
     * Starts the thread.
     *
     * @param name the thread's name
     */
    public EngineThread(String name) {
        executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread made = Thread.ofPlatform()
                    .name(name)
                    .daemon()
                    .stackSize(STACK_BYTES)
                    .unstarted(task);
            thread = made;
            return made;
        });
        // The first work would be handed to the new thread past the queue, and could not be withdrawn from there.
        executor.prestartCoreThread();
    }

    /** Whether the caller already is on this thread, so that waiting for it would never end. */
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /**
     * Queues work, which must not throw.
     *
     * @throws ClosedException after the thread was told to end
     */
    public synchronized void execute(Runnable work) {
        try {
            executor.execute(work);
        } catch (RejectedExecutionException e) {
            throw new ClosedException("the model is closed", e);
        }
    }

    /** Takes queued work back. Whether that was in time: then it never runs; otherwise it has begun. */
    public boolean withdraw(Runnable work) {
        return executor.remove(work);
    }

    /**
     * Runs work on the thread and waits for it. On the thread itself, in a listener, it runs at once.
     *
     * @throws GenerationCancelledException if the caller is interrupted before the work has begun, which then never does.
     *     Work that has begun is waited for: native code cannot be left half done. The interrupt status stays set.
     */
    public <T extends @Nullable Object> T call(Callable<T> work) {
        return call(work, true);
    }

    /** As {@link #call}, for work that has to be done even if the caller is interrupted. */
    public <T extends @Nullable Object> T callUninterruptibly(Callable<T> work) {
        return call(work, false);
    }

    private <T extends @Nullable Object> T call(Callable<T> work, boolean interruptible) {
        if (isCurrent()) {
            try {
                return work.call();
            } catch (Exception e) {
                throw rethrow(e);
            }
        }
        if (interruptible && Thread.currentThread().isInterrupted()) {
            throw new GenerationCancelledException(INTERRUPTED);
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        Runnable task = () -> {
            try {
                result.complete(work.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        };
        execute(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    if (interruptible && withdraw(task)) {
                        throw new GenerationCancelledException(INTERRUPTED, e);
                    }
                } catch (ExecutionException e) {
                    throw rethrow(Objects.requireNonNullElse(e.getCause(), e));
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Runs native work on this thread, which the caller is on. A model's native code does one thing at a time, so what it
     * calls back cannot call it.
     *
     * @throws IllegalStateException if a listener that native code called makes the call
     */
    public <T extends @Nullable Object> T exclusively(Supplier<T> work) {
        if (occupied) {
            throw new IllegalStateException("called from a listener of this model while its native code is at work: "
                    + "make the call after the generation, or on another thread and without waiting for it here");
        }
        occupied = true;
        try {
            return work.get();
        } finally {
            occupied = false;
        }
    }

    /** Runs what is queued, then this last work, and ends. Takes no more work. */
    public synchronized void end(Runnable last) {
        executor.execute(last);
        executor.shutdown();
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> RuntimeException rethrow(Throwable failure) throws E {
        throw (E) failure;
    }
}
