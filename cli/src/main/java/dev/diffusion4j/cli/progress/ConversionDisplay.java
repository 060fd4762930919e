package dev.diffusion4j.cli.progress;

import dev.diffusion4j.ConversionProgress;
import java.io.PrintStream;
import java.util.Optional;

/** Shows a person how far a conversion is: a line that is redrawn on a terminal, or a line for each tenth. */
public final class ConversionDisplay implements AutoCloseable {

    private static final int TENTHS = 10;

    private final PrintStream err;
    private final boolean quiet;
    private final Optional<RedrawnLine> line;
    private long shown;

    private ConversionDisplay(PrintStream err, boolean quiet, Optional<RedrawnLine> line) {
        this.err = err;
        this.quiet = quiet;
        this.line = line;
    }

    /** A display for that terminal. */
    public static ConversionDisplay of(boolean quiet, Terminal terminal, PrintStream err) {
        return new ConversionDisplay(
                err,
                quiet,
                terminal.isInteractive()
                        ? Optional.of(new RedrawnLine(err, terminal.columns() - 1))
                        : Optional.empty());
    }

    /** Shows a report. */
    public void show(ConversionProgress progress) {
        long percent = 100 * progress.bytes() / progress.totalBytes();
        if (quiet || percent <= shown) {
            return;
        }
        String text = "converting %3d %%, tensor %d of %d".formatted(percent, progress.tensor(), progress.tensors());
        if (line.isPresent()) {
            line.get().accept(text);
        } else if (percent / TENTHS > shown / TENTHS) {
            err.println(text);
        }
        shown = percent;
    }

    /** Takes the line away. */
    @Override
    public void close() {
        line.ifPresent(RedrawnLine::clear);
    }
}
