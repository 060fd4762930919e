package dev.diffusion4j;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.EngineThread;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The generations of a model that wait for its thread, and the one that runs there. Only so many may wait; one that is
 * cancelled leaves at once. Calls of single parts are not counted: each holds up a thread of its caller's.
 */
final class GenerationQueue {

    private final EngineThread thread;
    private final int capacity;
    /** What has not ended, with its work on the thread. */
    private final Map<Entry<?>, Runnable> pending = new LinkedHashMap<>();

    private boolean running;
    private boolean closed;

    /**
     * @param capacity how many may wait beside the one that runs
     */
    GenerationQueue(EngineThread thread, int capacity) {
        this.thread = thread;
        this.capacity = capacity;
    }

    /** A generation in the queue, and the flag that stops it. */
    private final class Entry<T> implements Generation.Control {

        private final CancellationFlag cancellation = new CancellationFlag();
        private final Generation<T> generation = new Generation<>(this);

        @Override
        public void cancel() {
            GenerationQueue.this.cancel(this);
        }

        /** Whether waiting for the generation on this thread would never end. */
        @Override
        public boolean isOwnThread() {
            return thread.isCurrent();
        }
    }

    /**
     * Queues a generation.
     *
     * @param work does it, on the model's thread, and stops when the flag is set
     * @throws QueueFullException if too many wait
     * @throws ClosedException after {@link #close()}
     */
    <T> Generation<T> add(Function<CancellationFlag, T> work) {
        Entry<T> entry = new Entry<>();
        StartTrace trace = new StartTrace();
        Runnable task = () -> run(entry, work, trace);
        synchronized (this) {
            if (closed) {
                throw new ClosedException("the model is closed");
            }
            if (pending.size() > capacity) {
                throw new QueueFullException(capacity);
            }
            thread.execute(task);
            pending.put(entry, task);
        }
        return entry.generation;
    }

    /** How many wait for their turn. */
    synchronized int waiting() {
        return pending.size() - (running ? 1 : 0);
    }

    private <T> void run(Entry<T> entry, Function<CancellationFlag, T> work, StartTrace trace) {
        begin();
        T result;
        try {
            if (entry.cancellation.isSet()) {
                throw cancelledBefore();
            }
            result = work.apply(entry.cancellation);
        } catch (Throwable e) {
            trace.addTo(e);
            end(entry);
            entry.generation.fail(e);
            return;
        }
        // First, so that whoever waits for the generation finds room in the queue.
        end(entry);
        entry.generation.succeed(result);
    }

    private synchronized void begin() {
        running = true;
    }

    private synchronized void end(Entry<?> entry) {
        running = false;
        pending.remove(entry);
    }

    /** Takes a generation that waits out of the queue, and asks one that runs to stop. */
    private void cancel(Entry<?> entry) {
        entry.cancellation.set();
        synchronized (this) {
            Runnable task = pending.get(entry);
            if (task == null || !thread.withdraw(task)) {
                return;
            }
            pending.remove(entry);
        }
        entry.generation.fail(cancelledBefore());
    }

    private static GenerationCancelledException cancelledBefore() {
        return new GenerationCancelledException("the generation was cancelled before it began");
    }

    /** Takes no more and cancels all. */
    void close() {
        List<Entry<?>> left;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(pending.keySet());
        }
        // From the last: what runs would make room for what waits.
        left.reversed().forEach(this::cancel);
    }

    /** Shows in a failure, which has the stack of the model's thread, whose generation it was. */
    private static final class StartTrace extends Exception {

        private static final long serialVersionUID = 1L;

        StartTrace() {
            super("the generation was started here");
        }

        /** Before anybody sees the failure, which is shared then; once, for a listener may throw one object again and again. */
        void addTo(Throwable failure) {
            if (Arrays.stream(failure.getSuppressed()).noneMatch(StartTrace.class::isInstance)) {
                failure.addSuppressed(this);
            }
        }
    }
}
