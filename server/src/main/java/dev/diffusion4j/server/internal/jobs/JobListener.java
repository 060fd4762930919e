package dev.diffusion4j.server.internal.jobs;

/** Hears of jobs that have ended. */
@FunctionalInterface
public interface JobListener {

    /** A job is in its final state. */
    void ended(Job job);
}
