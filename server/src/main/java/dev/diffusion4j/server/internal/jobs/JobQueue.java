package dev.diffusion4j.server.internal.jobs;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.server.internal.http.HttpException;
import dev.diffusion4j.server.internal.models.ModelPool;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The one queue of the server: jobs of all surfaces wait in it, and run one after another. */
public final class JobQueue implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(JobQueue.class.getName());

    private static final int RETRY_AFTER_SECONDS = 5;

    private static final Duration STOP = Duration.ofSeconds(30);

    private final int capacity;
    private final ModelPool models;
    private final JobListener listener;
    private final Deque<Job> waiting = new ArrayDeque<>();
    private final Thread worker;
    private Optional<String> ahead = Optional.empty();
    private Job running;
    private boolean closed;

    /**
     * @param capacity how many jobs may wait beside the one that runs
     */
    public JobQueue(int capacity, ModelPool models, JobListener listener) {
        this.capacity = capacity;
        this.models = models;
        this.listener = listener;
        worker = Thread.ofPlatform().daemon().name("diffusion4j jobs").start(this::work);
    }

    /**
     * Adds a job.
     *
     * @throws HttpException if too many wait, or the server goes down
     */
    public Job submit(Job.Task task) {
        Job job = new Job(task);
        synchronized (this) {
            if (closed) {
                throw HttpException.shuttingDown();
            }
            // With an idle worker one job is as good as running.
            if (waiting.size() >= capacity + (running == null ? 1 : 0)) {
                throw HttpException.busy("the queue is full: " + capacity + " jobs wait already", RETRY_AFTER_SECONDS);
            }
            waiting.add(job);
            tellPositions();
            notifyAll();
        }
        return job;
    }

    /** Has a model opened before a job asks for it. If that fails it is logged, and tried again for the first job. */
    public synchronized void openAhead(String model) {
        ahead = Optional.of(model);
        notifyAll();
    }

    /** Stops a job, wherever it is; one that is queued has ended when this returns. */
    public void cancel(Job job) {
        boolean removed;
        synchronized (this) {
            removed = waiting.remove(job);
            if (removed) {
                tellPositions();
            }
        }
        job.requestCancel();
        if (removed) {
            end(job, JobState::cancelled);
        }
    }

    /** The job that runs. */
    public synchronized Optional<Job> running() {
        return Optional.ofNullable(running);
    }

    /** The jobs that wait, the next one first. */
    public synchronized List<Job> waiting() {
        return List.copyOf(waiting);
    }

    /** Whether the server goes down. */
    public synchronized boolean isClosed() {
        return closed;
    }

    /** How many may wait. */
    public int capacity() {
        return capacity;
    }

    private void tellPositions() {
        int place = 1;
        for (Job job : waiting) {
            int at = place++;
            if (job.state().position() != at) {
                job.update(state -> state.at(at));
            }
        }
    }

    private void work() {
        try {
            for (Job job = next(); job != null; job = next()) {
                run(job);
                synchronized (this) {
                    running = null;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Job next() throws InterruptedException {
        for (Optional<String> model = awaitWork(); model.isPresent(); model = awaitWork()) {
            open(model.get());
        }
        return poll();
    }

    /** The model to open ahead; empty if there is none, but a job or the end. */
    private synchronized Optional<String> awaitWork() throws InterruptedException {
        while (waiting.isEmpty() && ahead.isEmpty() && !closed) {
            wait();
        }
        Optional<String> model = closed ? Optional.empty() : ahead;
        ahead = Optional.empty();
        return model;
    }

    private void open(String model) {
        try {
            models.open(model);
        } catch (RuntimeException | Error e) {
            if (!isClosed()) {
                LOG.log(System.Logger.Level.WARNING, "the model " + model + " could not be opened: " + e.getMessage());
                LOG.log(System.Logger.Level.DEBUG, "why " + model + " could not be opened", e);
            }
        }
    }

    private synchronized Job poll() {
        running = waiting.poll();
        tellPositions();
        return running;
    }

    private void run(Job job) {
        try {
            job.update(JobState::running);
            List<GeneratedImage> images = generate(job);
            end(job, state -> state.completed(images));
        } catch (GenerationCancelledException e) {
            end(job, JobState::cancelled);
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.DEBUG, "a job failed", e);
            end(job, state -> job.isCancelRequested() ? state.cancelled() : state.failed(e));
        }
    }

    private List<GeneratedImage> generate(Job job) {
        requireWanted(job);
        DiffusionModel model = models.open(job.task().model());
        requireWanted(job);
        Generation<List<GeneratedImage>> generation = model.startAll(job.task().request(), listener(job, model));
        job.watch(generation);
        return generation.await();
    }

    private static void requireWanted(Job job) {
        if (job.isCancelRequested()) {
            throw new GenerationCancelledException("cancelled");
        }
    }

    private static GenerationListener listener(Job job, DiffusionModel model) {
        GenerationListener listener = GenerationListener.NONE
                .onProgress(report -> job.update(state -> state.with(report)))
                .onWarning(warning -> job.update(state -> state.withWarning(warning)));
        int steps = job.task().request().steps().orElseGet(model::defaultSteps);
        int interval = job.task().previews().interval(steps);
        return interval == 0
                ? listener
                : listener.onPreview(
                        PreviewMode.PROJECTION, interval, preview -> job.update(state -> state.with(preview)));
    }

    private void end(Job job, UnaryOperator<JobState> change) {
        job.update(state -> {
            JobState last = change.apply(state);
            listener.ended(last);
            return last;
        });
    }

    /** Cancels all jobs and waits until the one that runs has stopped. */
    @Override
    public void close() {
        List<Job> all = new ArrayList<>();
        synchronized (this) {
            closed = true;
            all.addAll(waiting);
            if (running != null) {
                all.add(running);
            }
            notifyAll();
        }
        all.forEach(this::cancel);
        try {
            worker.join(STOP);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
