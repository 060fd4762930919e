package dev.diffusion4j;

import dev.diffusion4j.internal.CancellationFlag;
import dev.diffusion4j.internal.ModelThread;
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

    private final ModelThread thread;
    private final int capacity;
    /** What has not ended, with its work on the thread. */
    private final Map<Generation, Runnable> pending = new LinkedHashMap<>();

    private boolean running;
    private boolean closed;

    /**
     * @param capacity how many may wait beside the one that runs
     */
    GenerationQueue(ModelThread thread, int capacity) {
        this.thread = thread;
        this.capacity = capacity;
    }

    /**
     * Queues a generation.
     *
     * @param work draws the images, on the model's thread, and stops when the flag is set
     * @throws QueueFullException if too many wait
     * @throws ClosedException after {@link #close()}
     */
    Generation add(Function<CancellationFlag, List<GeneratedImage>> work) {
        Generation generation = new Generation(this);
        StartTrace trace = new StartTrace();
        Runnable task = () -> run(generation, work, trace);
        synchronized (this) {
            if (closed) {
                throw new ClosedException("the model is closed");
            }
            if (pending.size() > capacity) {
                throw new QueueFullException(capacity);
            }
            thread.execute(task);
            pending.put(generation, task);
        }
        return generation;
    }

    /** How many wait for their turn. */
    synchronized int waiting() {
        return pending.size() - (running ? 1 : 0);
    }

    private void run(Generation generation, Function<CancellationFlag, List<GeneratedImage>> work, StartTrace trace) {
        begin();
        List<GeneratedImage> images;
        try {
            if (generation.cancellation().isSet()) {
                throw cancelledBefore();
            }
            images = work.apply(generation.cancellation());
        } catch (Throwable e) {
            trace.addTo(e);
            end(generation);
            generation.fail(e);
            return;
        }
        // First, so that whoever waits for the generation finds room in the queue.
        end(generation);
        generation.succeed(images);
    }

    private synchronized void begin() {
        running = true;
    }

    private synchronized void end(Generation generation) {
        running = false;
        pending.remove(generation);
    }

    /** Takes a generation that waits out of the queue, and asks one that runs to stop. */
    void cancel(Generation generation) {
        generation.cancellation().set();
        synchronized (this) {
            Runnable task = pending.get(generation);
            if (task == null || !thread.withdraw(task)) {
                return;
            }
            pending.remove(generation);
        }
        generation.fail(cancelledBefore());
    }

    private static GenerationCancelledException cancelledBefore() {
        return new GenerationCancelledException("the generation was cancelled before it began");
    }

    /** Takes no more and cancels all. */
    void close() {
        List<Generation> left;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(pending.keySet());
        }
        // From the last: what runs would make room for what waits.
        left.reversed().forEach(this::cancel);
    }

    /** Whether waiting for a generation on this thread would never end. */
    boolean isOwnThread() {
        return thread.isCurrent();
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
