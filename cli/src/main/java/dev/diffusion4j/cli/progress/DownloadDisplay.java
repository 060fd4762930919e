package dev.diffusion4j.cli.progress;

import dev.diffusion4j.hub.DownloadListener;
import dev.diffusion4j.hub.DownloadPlan;
import dev.diffusion4j.hub.DownloadProgress;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/** Shows a person what is downloaded: sizes before, then a line that is redrawn on a terminal, or a line for each tenth. */
public final class DownloadDisplay implements DownloadListener, AutoCloseable {

    private static final int TENTHS = 10;

    private final PrintStream err;
    private final boolean quiet;
    private final Optional<RedrawnLine> line;
    private long tenths;

    private DownloadDisplay(PrintStream err, boolean quiet, Optional<RedrawnLine> line) {
        this.err = err;
        this.quiet = quiet;
        this.line = line;
    }

    /**
     * A display for that terminal.
     *
     * @param style how progress is shown; without progress there are only warnings
     * @param err where it is shown
     */
    public static DownloadDisplay of(ProgressDisplay.Style style, Terminal terminal, PrintStream err) {
        boolean redraws = switch (style) {
            case BAR -> true;
            case AUTO -> terminal.isInteractive();
            case PLAIN, NONE -> false;
        };
        return new DownloadDisplay(
                err,
                style == ProgressDisplay.Style.NONE,
                redraws ? Optional.of(new RedrawnLine(err, terminal.columns() - 1)) : Optional.empty());
    }

    @Override
    public void onPlan(DownloadPlan plan) {
        if (quiet || plan.remainingBytes() == 0) {
            return;
        }
        for (DownloadPlan.File file : plan.files()) {
            println("%10s  %s/%s%s"
                    .formatted(
                            size(file.bytes()),
                            file.repository(),
                            file.path(),
                            file.isCached() ? ", which is here already" : ""));
        }
        println("%s to download into %s, where %s are free"
                .formatted(size(plan.remainingBytes()), plan.folder(), size(plan.freeBytes())));
    }

    @Override
    public void onProgress(DownloadProgress progress) {
        if (quiet) {
            return;
        }
        String text = "%3d %% of %s: %s"
                .formatted(percent(progress.bytes(), progress.total()), size(progress.total()), progress.path());
        if (line.isPresent()) {
            line.get().accept(text);
            return;
        }
        long now = percent(progress.bytes(), progress.total()) / TENTHS;
        if (now > tenths) {
            tenths = now;
            err.println(text);
        }
    }

    @Override
    public void onWarning(String message) {
        println("warning: " + message);
    }

    private void println(String text) {
        line.ifPresentOrElse(shown -> shown.println(text), () -> err.println(text));
    }

    private static long percent(long bytes, long total) {
        return total == 0 ? 100 : 100 * bytes / total;
    }

    /** In powers of ten, as the hub's pages have it. */
    private static String size(long bytes) {
        if (bytes < 1000) {
            return bytes + " bytes";
        }
        if (bytes < 1_000_000) {
            return String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
        }
        return bytes < 1_000_000_000
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    /** Takes the line away. */
    @Override
    public void close() {
        line.ifPresent(RedrawnLine::clear);
    }
}
