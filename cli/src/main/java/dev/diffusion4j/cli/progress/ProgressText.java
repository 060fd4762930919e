package dev.diffusion4j.cli.progress;

import dev.diffusion4j.Progress;
import dev.diffusion4j.Progress.Phase;
import java.time.Duration;
import java.util.Locale;

/** The words and figures of a progress report. */
final class ProgressText {

    private ProgressText() {}

    /** The phase, with the image's number where there are several: {@code sampling 2/4}. */
    static String name(Progress progress) {
        String name = progress.phase().toString();
        boolean perImage =
                (progress.phase() == Phase.SAMPLING || progress.phase() == Phase.UPSCALING) && progress.images() > 1;
        return perImage ? name + " " + (progress.image() + 1) + "/" + progress.images() : name;
    }

    /** Such as {@code 2.31 steps/s}, or {@code 4.2 s/step} for slow ones. */
    static String speed(double stepsPerSecond) {
        return stepsPerSecond >= 1
                ? String.format(Locale.ROOT, "%.2f steps/s", stepsPerSecond)
                : String.format(Locale.ROOT, "%.1f s/step", 1 / stepsPerSecond);
    }

    /** Such as {@code 6 s}, {@code 1:05} or {@code 1:02:03}. */
    static String duration(Duration duration) {
        long seconds = duration.plusMillis(500).toSeconds();
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
        }
        return String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
