package dev.diffusion4j.server.internal.jobs;

import dev.diffusion4j.GeneratedImage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Jobs by their ids: those under way, and finished ones for a while. Safe for use by several threads. */
public final class JobStore {

    /** Of jobs that are gone, for so many it is known that there were such. */
    private static final int REMEMBERED = 1024;

    private final Duration keep;
    private final int keepJobs;
    private final long keepBytes;
    private final Clock clock;
    private final Map<String, Job> jobs = new LinkedHashMap<>();
    private final Set<String> expired = new LinkedHashSet<>();

    /**
     * @param keep how long finished jobs are kept
     * @param keepJobs how many finished jobs are kept
     * @param keepBytes how many bytes their pictures may take
     */
    public JobStore(Duration keep, int keepJobs, long keepBytes, Clock clock) {
        this.keep = keep;
        this.keepJobs = keepJobs;
        this.keepBytes = keepBytes;
        this.clock = clock;
    }

    /** Adds a job. */
    public synchronized void add(Job job) {
        tidy();
        jobs.put(job.id(), job);
    }

    /** The job of an id. */
    public synchronized Optional<Job> find(String id) {
        tidy();
        return Optional.ofNullable(jobs.get(id));
    }

    /** Whether there was a job of this id, which is gone. */
    public synchronized boolean isExpired(String id) {
        tidy();
        return expired.contains(id);
    }

    /** All jobs, the newest first. */
    public synchronized List<Job> list() {
        tidy();
        List<Job> all = new ArrayList<>(jobs.values());
        Collections.reverse(all);
        return all;
    }

    /** Forgets a job. */
    public synchronized void remove(Job job) {
        if (jobs.remove(job.id()) != null) {
            remember(job);
        }
    }

    private void tidy() {
        Instant oldest = clock.instant().minus(keep);
        List<Job> finished = jobs.values().stream()
                .filter(job -> job.state().status().isFinal())
                .toList();
        long bytes = finished.stream().mapToLong(JobStore::bytes).sum();
        int count = finished.size();
        for (Job job : finished) {
            boolean old = job.state().finished().orElseThrow().isBefore(oldest);
            if (old || count > keepJobs || bytes > keepBytes) {
                jobs.remove(job.id());
                remember(job);
                count--;
                bytes -= bytes(job);
            }
        }
    }

    private static long bytes(Job job) {
        return job.state().images().stream().mapToLong(JobStore::bytes).sum();
    }

    private static long bytes(GeneratedImage image) {
        return image.pixels().byteSize();
    }

    private void remember(Job job) {
        expired.add(job.id());
        Iterator<String> oldest = expired.iterator();
        while (expired.size() > REMEMBERED) {
            oldest.next();
            oldest.remove();
        }
    }
}
