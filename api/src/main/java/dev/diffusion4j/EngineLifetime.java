package dev.diffusion4j;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.internal.engine.EngineThread;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** From opening to closing: the thread of an engine, the queue before it, and the end of both. */
final class EngineLifetime {

    private final EngineThread thread;
    private final GenerationQueue queue;
    private final ForgottenModel forgotten;
    private final Runnable free;
    private final Object closeLock = new Object();
    private final CompletableFuture<Void> freed = new CompletableFuture<>();
    private volatile boolean closed;

    /**
     * @param forgotten looks after whoever owns this
     * @param free frees the engine, on its thread, after all else
     */
    EngineLifetime(EngineThread thread, int queueCapacity, ForgottenModel forgotten, Runnable free) {
        this.thread = thread;
        queue = new GenerationQueue(thread, queueCapacity);
        this.forgotten = forgotten;
        this.free = free;
    }

    EngineThread thread() {
        return thread;
    }

    GenerationQueue queue() {
        return queue;
    }

    boolean isClosed() {
        return closed;
    }

    void requireOpen() {
        if (closed) {
            throw new ClosedException("the model is closed");
        }
    }

    /** Cancels what runs and waits, and frees the engine. Waits for that, but on the thread itself. Idempotent. */
    void close() {
        boolean first;
        synchronized (closeLock) {
            first = !closed;
            closed = true;
        }
        if (first) {
            forgotten.closed();
            queue.close();
            thread.end(this::free);
        }
        if (!thread.isCurrent()) {
            awaitFreed();
        }
    }

    private void awaitFreed() {
        try {
            freed.join();
        } catch (CompletionException e) {
            switch (Objects.requireNonNullElse(e.getCause(), e)) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw e;
            }
        }
    }

    private void free() {
        try {
            free.run();
            freed.complete(null);
        } catch (Throwable e) {
            freed.completeExceptionally(e);
        }
    }
}
