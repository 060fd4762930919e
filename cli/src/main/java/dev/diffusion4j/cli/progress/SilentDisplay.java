package dev.diffusion4j.cli.progress;

import dev.diffusion4j.Progress;
import java.io.PrintStream;

/** Shows no progress. */
final class SilentDisplay implements ProgressDisplay {

    private final PrintStream err;

    SilentDisplay(PrintStream err) {
        this.err = err;
    }

    @Override
    public void activity(String what) {}

    @Override
    public void show(Progress progress) {}

    @Override
    public void println(String line) {
        err.println(line);
    }

    @Override
    public void close() {}
}
