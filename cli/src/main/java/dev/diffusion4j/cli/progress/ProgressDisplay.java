package dev.diffusion4j.cli.progress;

import dev.diffusion4j.Progress;
import java.io.PrintStream;

/** Shows a person how far the work is. Safe for use by several threads. */
public sealed interface ProgressDisplay extends AutoCloseable permits BarDisplay, LineDisplay, SilentDisplay {

    /** How progress is shown. */
    enum Style {
        /** A bar on a terminal, lines elsewhere. */
        AUTO,
        /** A bar that is redrawn in place. */
        BAR,
        /** Lines. */
        PLAIN,
        /** Nothing. */
        NONE
    }

    /** A display of that style. */
    static ProgressDisplay of(Style style, Terminal terminal, PrintStream err) {
        return switch (style) {
            case NONE -> new SilentDisplay(err);
            case PLAIN -> new LineDisplay(err);
            case BAR -> new BarDisplay(err, terminal.columns());
            case AUTO -> of(terminal.isInteractive() ? Style.BAR : Style.PLAIN, terminal, err);
        };
    }

    /** Says what is being done where nothing can be counted. */
    void activity(String what);

    /** Shows a report. */
    void show(Progress progress);

    /** Prints a line that stays, without tearing what is on display. */
    void println(String line);

    /** Takes away what is only of interest while it lasts. */
    @Override
    void close();
}
