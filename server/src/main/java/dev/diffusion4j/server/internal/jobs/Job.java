package dev.diffusion4j.server.internal.jobs;

import dev.diffusion4j.Generation;
import dev.diffusion4j.request.ImageRequest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.function.UnaryOperator;

/** A request on its way through the queue. Safe for use by several threads: who watches it asks for the next change. */
public final class Job {

    private static final SecureRandom RANDOM = new SecureRandom();

    /**
     * What is to be done.
     *
     * @param surface which API it came by, for its own use
     * @param model the name of the model
     */
    public record Task(String surface, String model, ImageRequest request, PreviewPlan previews) {}

    /**
     * A state, and which one in the row of all it is.
     *
     * @param version grows with each change
     */
    public record Moment(long version, JobState state) {}

    private final String id = randomId();
    private final Instant created = Instant.now();
    private final Task task;
    private Moment moment;
    private Generation<?> generation;
    private boolean cancelRequested;

    Job(Task task) {
        this.task = task;
        moment = new Moment(0, JobState.queued(task.request().batchCount()));
    }

    private static String randomId() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Random, with 128 bits: who knows it was told. */
    public String id() {
        return id;
    }

    /** What is to be done. */
    public Task task() {
        return task;
    }

    /** When it was made. */
    public Instant created() {
        return created;
    }

    /** As it is now. */
    public synchronized Moment now() {
        return moment;
    }

    /** As it is now. */
    public JobState state() {
        return now().state();
    }

    /** Waits for a change after that version, but not longer than that; what is there then. */
    public synchronized Moment awaitChange(long version, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (moment.version() == version) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                break;
            }
            wait(left / 1_000_000 + 1);
        }
        return moment;
    }

    /** Changes the state, unless it is final. */
    synchronized void update(UnaryOperator<JobState> change) {
        if (moment.state().status().isFinal()) {
            return;
        }
        moment = new Moment(moment.version() + 1, change.apply(moment.state()));
        notifyAll();
    }

    /** The generation to cancel from now on. */
    void watch(Generation<?> running) {
        synchronized (this) {
            generation = running;
            if (!cancelRequested) {
                return;
            }
        }
        running.cancel();
    }

    synchronized boolean isCancelRequested() {
        return cancelRequested;
    }

    /** Stops what runs for it; the queue takes care of the rest. */
    void requestCancel() {
        Generation<?> running;
        synchronized (this) {
            cancelRequested = true;
            running = generation;
        }
        // Without the lock, which the generation's listeners want.
        if (running != null) {
            running.cancel();
        }
    }
}
