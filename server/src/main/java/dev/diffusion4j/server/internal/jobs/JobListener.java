package dev.diffusion4j.server.internal.jobs;

/** Hears of jobs that have ended. */
@FunctionalInterface
public interface JobListener {

    /** A job comes into this final state, which nobody has seen yet. */
    void ended(JobState state);
}
