package dev.diffusion4j.server.internal.jobs;

import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Preview;
import dev.diffusion4j.Progress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A job at one moment. Immutable.
 *
 * @param position 0 while it runs and afterwards, else its place in the queue from 1
 * @param preview the newest one
 * @param previews how many there were
 * @param failure why it failed
 */
public record JobState(
        JobStatus status,
        int position,
        JobProgress progress,
        Optional<Preview> preview,
        int previews,
        List<String> warnings,
        List<GeneratedImage> images,
        Optional<Throwable> failure,
        Optional<Instant> started,
        Optional<Instant> finished) {

    static JobState queued(int images) {
        return new JobState(
                JobStatus.QUEUED,
                0,
                JobProgress.none(images),
                Optional.empty(),
                0,
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    JobState at(int place) {
        return new JobState(status, place, progress, preview, previews, warnings, images, failure, started, finished);
    }

    JobState running() {
        return new JobState(
                JobStatus.RUNNING,
                0,
                progress,
                preview,
                previews,
                warnings,
                images,
                failure,
                Optional.of(Instant.now()),
                finished);
    }

    JobState with(Progress report) {
        return new JobState(
                status,
                position,
                progress.after(report),
                preview,
                previews,
                warnings,
                images,
                failure,
                started,
                finished);
    }

    JobState with(Preview newest) {
        return new JobState(
                status,
                position,
                progress,
                Optional.of(newest),
                previews + 1,
                warnings,
                images,
                failure,
                started,
                finished);
    }

    JobState withWarning(String warning) {
        List<String> all = new ArrayList<>(warnings);
        all.add(warning);
        return new JobState(
                status, position, progress, preview, previews, List.copyOf(all), images, failure, started, finished);
    }

    JobState completed(List<GeneratedImage> made) {
        return ended(JobStatus.COMPLETED, progress.complete(), made, Optional.empty());
    }

    JobState failed(Throwable reason) {
        return ended(JobStatus.FAILED, progress, List.of(), Optional.of(reason));
    }

    JobState cancelled() {
        return ended(JobStatus.CANCELLED, progress, List.of(), Optional.empty());
    }

    private JobState ended(JobStatus end, JobProgress reached, List<GeneratedImage> made, Optional<Throwable> reason) {
        return new JobState(
                end,
                0,
                reached,
                Optional.empty(),
                previews,
                warnings,
                List.copyOf(made),
                reason,
                started,
                Optional.of(Instant.now()));
    }
}
