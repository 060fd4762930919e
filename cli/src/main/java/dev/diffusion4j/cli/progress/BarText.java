package dev.diffusion4j.cli.progress;

import dev.diffusion4j.Progress;
import dev.diffusion4j.Progress.Phase;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBarRenderer;
import me.tongfei.progressbar.ProgressState;

/** Draws {@code sampling  45% [=====>      ]  9/20  2.31 steps/s  6 s left}. The time left counts down between reports. */
final class BarText implements ProgressBarRenderer {

    private static final int MIN_BAR = 5;
    private static final int MAX_BAR = 40;

    private volatile Report report;

    private record Report(Progress progress, long at) {}

    BarText(Progress first) {
        report = new Report(first, System.nanoTime());
    }

    /** Whether a report counts the same thing further. */
    boolean continuesWith(Progress next) {
        Progress last = report.progress();
        return next.phase() == last.phase()
                && next.image() == last.image()
                && next.of() == last.of()
                && next.step() >= last.step();
    }

    void update(Progress progress) {
        report = new Report(progress, System.nanoTime());
    }

    boolean isSampling() {
        return report.progress().phase() == Phase.SAMPLING;
    }

    @Override
    public String render(ProgressState state, int columns) {
        Report now = report;
        Progress progress = now.progress();
        int of = progress.of();
        double part = (double) progress.step() / of;
        String counter = String.valueOf(of);
        String head = String.format(Locale.ROOT, "%s %3d%% ", state.getTaskName(), (int) (100 * part));
        String tail =
                String.format(Locale.ROOT, " %" + counter.length() + "d/%s", progress.step(), counter) + figures(now);
        int width = Math.min(MAX_BAR, columns - head.length() - tail.length() - 2);
        return width < MIN_BAR ? head + tail.strip() : head + bar(part, width) + tail;
    }

    private static String figures(Report report) {
        Progress progress = report.progress();
        StringBuilder figures = new StringBuilder();
        if (progress.stepsPerSecond() > 0) {
            figures.append("  ").append(ProgressText.speed(progress.stepsPerSecond()));
        }
        progress.remaining().filter(left -> !left.isZero()).ifPresent(left -> {
            Duration sinceThen = Duration.ofNanos(System.nanoTime() - report.at());
            Duration stillLeft = left.compareTo(sinceThen) > 0 ? left.minus(sinceThen) : Duration.ZERO;
            figures.append("  ").append(ProgressText.duration(stillLeft)).append(" left");
        });
        return figures.toString();
    }

    private static String bar(double part, int width) {
        int filled = (int) (part * width);
        String tip = filled < width ? ">" : "";
        return "[" + "=".repeat(filled) + tip + " ".repeat(width - filled - tip.length()) + "]";
    }
}
