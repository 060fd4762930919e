package dev.diffusion4j.cli.progress;

import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBarConsumer;

/** The last line of a terminal, which is drawn again and again while lines above it stay. */
final class RedrawnLine implements ProgressBarConsumer {

    private static final String ERASE = "\r\033[K";

    private final PrintStream err;
    private final int columns;
    private String shown = "";
    private boolean keepAtEnd;

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

    /** Whether what is shown when the bar ends stays. */
    synchronized void keepAtEnd(boolean keep) {
        keepAtEnd = keep;
    }

    /** The bar has ended. */
    @Override
    public synchronized void close() {
        if (keepAtEnd) {
            println(shown);
            shown = "";
        }
        clear();
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
