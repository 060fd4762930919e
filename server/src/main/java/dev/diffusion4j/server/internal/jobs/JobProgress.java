package dev.diffusion4j.server.internal.jobs;

import dev.diffusion4j.Progress;
import java.time.Duration;
import java.util.Optional;

/**
 * How far a job is.
 *
 * @param step denoising steps done of the present image, from 0 to {@code steps}
 * @param image the image worked on, from 0
 * @param fraction of the whole, 0 to 1; it never falls
 * @param remaining an estimate, once there is one
 */
public record JobProgress(int step, int steps, int image, int images, double fraction, Optional<Duration> remaining) {

    /** The part of the time that denoising is taken to need. */
    private static final double SAMPLING = 0.95;

    /** Before anything is done. */
    static JobProgress none(int images) {
        return new JobProgress(0, 0, 0, images, 0, Optional.empty());
    }

    /** After this report of the library. */
    JobProgress after(Progress report) {
        double part = (double) report.step() / report.of();
        return switch (report.phase()) {
            case SAMPLING ->
                new JobProgress(
                        report.step(),
                        report.of(),
                        report.image(),
                        report.images(),
                        Math.max(fraction, SAMPLING * (report.image() + part) / report.images()),
                        report.remaining());
            case DECODING ->
                new JobProgress(
                        step, steps, image, images, Math.max(fraction, decoded(report, part)), Optional.empty());
            case LOADING, ENCODING, UPSCALING -> this;
        };
    }

    /** Images are decoded one by one after all were sampled, or each after it was. */
    private double decoded(Progress report, double part) {
        boolean allSampled = fraction >= SAMPLING * (1 - 1e-9);
        return allSampled ? SAMPLING + (1 - SAMPLING) * Math.min(1, part) : fraction;
    }

    /** All done. */
    JobProgress complete() {
        return new JobProgress(steps, steps, Math.max(0, images - 1), images, 1, Optional.empty());
    }
}
