package dev.diffusion4j.cli.progress;

import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBarConsumer;

/** The last line of a terminal, which is drawn again and again while lines above it stay. */
final class RedrawnLine implements ProgressBarConsumer {

    private static final String ERASE = "\r\033[K";

    private final PrintStream err;
    private final int columns;
    private String shown = "";

    RedrawnLine(PrintStream err, int columns) {
        this.err = err;
        this.columns = columns;
    }

    @Override
    public int getMaxRenderedLength() {
        return columns;
    }

    @Override
    public synchronized void accept(String text) {
        shown = text.length() <= columns ? text : text.substring(0, columns);
        err.print(ERASE + shown);
        err.flush();
    }

    /** A bar that ends before it was drawn twice does not call this, so that nothing can depend on it. */
    @Override
    public void close() {}

    /** Leaves what is shown where it is and goes on below. */
    synchronized void keep() {
        if (!shown.isEmpty()) {
            println(shown);
            shown = "";
        }
    }

    @Override
    public synchronized void clear() {
        if (!shown.isEmpty()) {
            shown = "";
            err.print(ERASE);
            err.flush();
        }
    }

    /** Prints a line above. */
    synchronized void println(String text) {
        err.print(ERASE + text + System.lineSeparator() + (text.equals(shown) ? "" : shown));
        err.flush();
    }
}
