package dev.diffusion4j.server.internal.site;

import dev.diffusion4j.server.internal.jobs.JobListener;
import dev.diffusion4j.server.internal.jobs.JobState;
import dev.diffusion4j.server.internal.jobs.JobStatus;
import dev.diffusion4j.server.internal.request.Jobs;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** What the server did, in the text format of Prometheus. It tells of no prompt and of no client. */
public final class Metrics implements JobListener {

    private final Map<JobStatus, LongAdder> ended = new EnumMap<>(JobStatus.class);
    private final Map<Integer, LongAdder> answers = new TreeMap<>();
    private final LongAdder pictures = new LongAdder();
    private final DoubleAdder seconds = new DoubleAdder();

    /** All zero. */
    public Metrics() {
        for (JobStatus status : JobStatus.values()) {
            if (status.isFinal()) {
                ended.put(status, new LongAdder());
            }
        }
    }

    @Override
    public void ended(JobState state) {
        ended.get(state.status()).increment();
        pictures.add(state.images().size());
        state.started()
                .ifPresent(started ->
                        seconds.add(Duration.between(started, state.finished().orElseThrow())
                                        .toNanos()
                                / 1e9));
    }

    /** Counts an answered request. */
    public void answered(int status) {
        synchronized (answers) {
            answers.computeIfAbsent(status, _ -> new LongAdder()).increment();
        }
    }

    /** All values, a line each. */
    public String text(Jobs jobs) {
        StringBuilder text = new StringBuilder();
        add(
                text,
                "jobs_waiting",
                "gauge",
                "Jobs in the queue",
                jobs.queue().waiting().size());
        add(
                text,
                "jobs_running",
                "gauge",
                "Jobs under way",
                jobs.queue().running().isPresent() ? 1 : 0);
        add(text, "queue_capacity", "gauge", "Jobs that may wait", jobs.queue().capacity());
        head(text, "jobs_total", "counter", "Jobs that have ended");
        ended.forEach((status, count) -> text.append(
                String.format(Locale.ROOT, "diffusion4j_jobs_total{status=\"%s\"} %d\n", status, count.sum())));
        add(text, "pictures_total", "counter", "Pictures that were drawn", pictures.sum());
        add(text, "job_seconds_total", "counter", "Time that jobs ran", seconds.sum());
        head(text, "http_requests_total", "counter", "Answered requests");
        synchronized (answers) {
            answers.forEach((status, count) -> text.append(String.format(
                    Locale.ROOT, "diffusion4j_http_requests_total{status=\"%d\"} %d\n", status, count.sum())));
        }
        long loaded =
                jobs.models().models().stream().filter(model -> model.loaded()).count();
        add(text, "models_loaded", "gauge", "Models that are open", loaded);
        add(
                text,
                "model_bytes",
                "gauge",
                "Size of the files of open models",
                jobs.models().loadedBytes());
        return text.toString();
    }

    private static void head(StringBuilder text, String name, String type, String help) {
        text.append("# HELP diffusion4j_").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE diffusion4j_").append(name).append(' ').append(type).append('\n');
    }

    private static void add(StringBuilder text, String name, String type, String help, Number value) {
        head(text, name, type, help);
        text.append("diffusion4j_").append(name).append(' ').append(value).append('\n');
    }
}
