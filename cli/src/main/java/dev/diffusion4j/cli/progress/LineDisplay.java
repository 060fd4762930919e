package dev.diffusion4j.cli.progress;

import dev.diffusion4j.Progress;
import dev.diffusion4j.Progress.Phase;
import java.io.PrintStream;

/** Progress for logs and pipes: a line per phase, at most ten per sampling run, no control characters. */
final class LineDisplay implements ProgressDisplay {

    private final PrintStream err;
    private String announced;
    private Phase phase;
    private int image;
    private int step;
    private int tenths;

    LineDisplay(PrintStream err) {
        this.err = err;
    }

    @Override
    public synchronized void activity(String what) {
        // Said once something comes of it: what is refused at once gets the message alone.
        announced = what;
    }

    @Override
    public synchronized void show(Progress progress) {
        if (announced != null) {
            err.println(announced);
            announced = null;
        }
        if (progress.phase() == Phase.LOADING) {
            // Parts are loaded when they are first needed, in the middle of other phases: not worth lines of their own.
            return;
        }
        boolean phaseBegins = progress.phase() != phase;
        boolean runBegins = phaseBegins || progress.image() != image || progress.step() < step;
        phase = progress.phase();
        image = progress.image();
        step = progress.step();
        if (runBegins) {
            tenths = 0;
        }
        if (phase == Phase.SAMPLING) {
            int now = 10 * step / progress.of();
            if (now > tenths) {
                tenths = now;
                err.println(progress);
            }
        } else if (phaseBegins || runBegins && phase == Phase.UPSCALING) {
            err.println(ProgressText.name(progress));
        }
    }

    @Override
    public synchronized void println(String line) {
        err.println(line);
    }

    @Override
    public void close() {}
}
