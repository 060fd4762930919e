package dev.diffusion4j.cli.progress;

import dev.diffusion4j.Progress;
import dev.diffusion4j.Progress.Phase;
import java.util.EnumMap;
import java.util.Map;

/**
 * Adds up how long each phase took. Weights are loaded when they are first needed, so loading interrupts other phases
 * and its time is not theirs.
 */
public final class PhaseClock {

    private final long startedAt;
    private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
    private Phase current = Phase.LOADING;
    private long since;

    /** Starts with opening the model, which is loading. */
    public PhaseClock() {
        this(System.nanoTime());
    }

    PhaseClock(long now) {
        startedAt = now;
        since = now;
    }

    /** Takes note of a report. */
    public void report(Progress progress) {
        report(progress.phase(), progress.step(), System.nanoTime());
    }

    synchronized void report(Phase phase, int step, long now) {
        // A report of step n says that step n is done; one of step 0 that what came before has ended.
        Phase ended = step == 0 ? current : phase;
        nanos.merge(ended, now - since, Long::sum);
        since = now;
        if (phase != Phase.LOADING) {
            current = phase;
        }
    }

    /** Seconds that the phase took so far. */
    public synchronized double seconds(Phase phase) {
        return nanos.getOrDefault(phase, 0L) / 1e9;
    }

    /** Seconds since the start. */
    public double totalSeconds() {
        return (System.nanoTime() - startedAt) / 1e9;
    }
}
