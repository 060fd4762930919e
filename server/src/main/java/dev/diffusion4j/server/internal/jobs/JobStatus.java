package dev.diffusion4j.server.internal.jobs;

import java.util.Locale;

/** Where a job is. It goes from queued over running to one of the others, or from queued to cancelled or failed. */
public enum JobStatus {
    QUEUED,
    RUNNING,
    COMPLETED,
    FAILED,
    CANCELLED;

    /** Whether nothing changes any more. */
    public boolean isFinal() {
        return this != QUEUED && this != RUNNING;
    }

    /** Such as {@code queued}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
