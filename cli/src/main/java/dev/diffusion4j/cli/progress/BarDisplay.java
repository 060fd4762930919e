package dev.diffusion4j.cli.progress;

import dev.diffusion4j.Progress;
import dev.diffusion4j.Progress.Phase;
import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/**
 * Progress for a terminal: one line that is redrawn in place. The bar of each sampling run stays when it is full; what
 * else is shown gives way to the next.
 */
final class BarDisplay implements ProgressDisplay {

    private static final int REDRAW_MILLIS = 200;

    private final RedrawnLine line;
    private final int columns;
    private ProgressBar bar;
    private BarText text;
    private String interrupted = "";

    BarDisplay(PrintStream err, int columns) {
        // One column stays free: a character in the last one makes some terminals wrap.
        this.columns = Math.max(20, columns - 1);
        this.line = new RedrawnLine(err, this.columns);
    }

    @Override
    public synchronized void activity(String what) {
        endBar(isFull());
        line.accept(what);
    }

    @Override
    public synchronized void show(Progress progress) {
        if (progress.phase() != Phase.LOADING) {
            interrupted = ProgressText.name(progress);
        } else if (progress.step() == progress.of()) {
            // What needed the weights goes on, and may have nothing to report for a while.
            activity(interrupted);
            return;
        }
        if (progress.phase() == Phase.ENCODING || progress.phase() != Phase.SAMPLING && progress.of() == 1) {
            activity(ProgressText.name(progress));
            return;
        }
        if (bar == null || !text.continuesWith(progress)) {
            endBar(isFull());
            text = new BarText(progress);
            bar = new ProgressBarBuilder()
                    .setTaskName(ProgressText.name(progress))
                    .setInitialMax(progress.of())
                    .setUpdateIntervalMillis(REDRAW_MILLIS)
                    .continuousUpdate()
                    .setConsumer(line)
                    .setRenderer(text)
                    .build();
        }
        text.update(progress);
        bar.stepTo(progress.step());
    }

    @Override
    public void println(String text) {
        line.println(text);
    }

    @Override
    public synchronized void close() {
        // What was reached when the user cancelled is worth keeping.
        endBar(bar != null && bar.getCurrent() > 0);
        line.clear();
    }

    /** Sampling pauses when weights are loaded; only a full bar is a result. */
    private boolean isFull() {
        return bar != null && bar.getCurrent() == bar.getMax();
    }

    private void endBar(boolean keep) {
        if (bar != null) {
            bar.close();
            bar = null;
            if (keep && text.isSampling()) {
                line.keep();
            } else {
                line.clear();
            }
        }
    }
}
