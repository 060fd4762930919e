package dev.diffusion4j.server.internal.request;

import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.server.internal.http.Exchange;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.jobs.Job;
import dev.diffusion4j.server.internal.jobs.JobQueue;
import dev.diffusion4j.server.internal.jobs.JobState;
import dev.diffusion4j.server.internal.jobs.JobStore;
import dev.diffusion4j.server.internal.jobs.PreviewPlan;
import dev.diffusion4j.server.internal.models.LoraNames;
import dev.diffusion4j.server.internal.models.ModelPool;
import dev.diffusion4j.server.internal.models.ServedModel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What all surfaces do with requests: check them, queue them, wait for them as long as their clients do. */
public final class Jobs {

    /** How often it is asked whether a client that waits is still there. */
    private static final Duration PROBE = Duration.ofMillis(250);

    private final ModelPool models;
    private final LoraNames loras;
    private final JobQueue queue;
    private final JobStore store;
    private final Limits limits;
    private final Failures failures;

    /** Sees each state of a job that is not the last one. */
    @FunctionalInterface
    public interface Watcher {

        /**
         * The job changed, or nothing did for a moment.
         *
         * @throws IOException if the client has left
         */
        void see(JobState state) throws IOException;
    }

    /** Over these. */
    public Jobs(ModelPool models, LoraNames loras, JobQueue queue, JobStore store, Limits limits, Failures failures) {
        this.models = models;
        this.loras = loras;
        this.queue = queue;
        this.store = store;
        this.limits = limits;
        this.failures = failures;
    }

    /** The models. */
    public ModelPool models() {
        return models;
    }

    /** The LoRAs. */
    public LoraNames loras() {
        return loras;
    }

    /** The queue. */
    public JobQueue queue() {
        return queue;
    }

    /** The jobs by their ids. */
    public JobStore store() {
        return store;
    }

    /** What a request may ask for. */
    public Limits limits() {
        return limits;
    }

    /** Reads pictures of requests. */
    public PictureReader pictures() {
        return new PictureReader(limits.maxInputPixels());
    }

    /**
     * The model of a name.
     *
     * @throws HttpException if it is not served
     */
    public ServedModel model(String name) {
        return models.find(name)
                .orElseThrow(() -> HttpException.noSuchModel("there is no model of this name; served are "
                        + String.join(
                                ", ",
                                models.models().stream().map(ServedModel::name).toList())));
    }

    /**
     * Queues a request.
     *
     * @throws HttpException if it asks for too much, or too many wait
     */
    public Job submit(String surface, ServedModel model, ImageRequest request, PreviewPlan previews) {
        try {
            ImageRequest whole = request.withDefaults(model.source().defaults());
            limits.check(whole, model.source().usualSize());
            loras.requireKnown(whole.prompt());
            Job job = queue.submit(new Job.Task(surface, model.name(), whole, previews));
            store.add(job);
            return job;
        } catch (InvalidRequestException e) {
            throw failures.of(e);
        }
    }

    /**
     * Waits for a job as long as its client does: if that leaves, the job is cancelled.
     *
     * @return the pictures
     * @throws HttpException if the job fails
     */
    public List<GeneratedImage> await(Job job, Exchange exchange, Watcher watcher) throws IOException {
        try {
            return result(follow(job, exchange, watcher));
        } catch (IOException | RuntimeException e) {
            queue.cancel(job);
            throw e;
        }
    }

    /**
     * Watches a job until it has ended.
     *
     * @return the last state
     * @throws IOException if the client has left
     */
    public JobState follow(Job job, Exchange exchange, Watcher watcher) throws IOException {
        Job.Moment moment = job.now();
        while (!moment.state().status().isFinal()) {
            exchange.requireClient();
            watcher.see(moment.state());
            try {
                moment = job.awaitChange(moment.version(), PROBE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
        return moment.state();
    }

    /**
     * The pictures of a job that has ended.
     *
     * @throws HttpException if it made none
     */
    private List<GeneratedImage> result(JobState state) {
        return switch (state.status()) {
            case COMPLETED -> state.images();
            case CANCELLED -> throw queue.isClosed() ? HttpException.shuttingDown() : failures.cancelled();
            default -> throw error(state).orElseThrow();
        };
    }

    /** A picture of a job by its place, from 0, as a path has it. */
    public static Optional<GeneratedImage> image(JobState state, String index) {
        if (!index.matches("\\d{1,4}")) {
            return Optional.empty();
        }
        int place = Integer.parseInt(index);
        return place < state.images().size() ? Optional.of(state.images().get(place)) : Optional.empty();
    }

    /** Why a job failed. */
    public Optional<HttpException> error(JobState state) {
        return state.failure().map(failures::of);
    }
}
