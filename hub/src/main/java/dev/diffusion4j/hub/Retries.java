package dev.diffusion4j.hub;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tries again what failed because the hub could not be reached, with longer and longer pauses.
 *
 * @param attempts how often it is tried while nothing comes of it
 */
record Retries(int attempts, Pause pause) {

    private static final int ATTEMPTS = 5;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    /** Who is asked to come back later than this has better ask again by himself. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(2);

    /** How time passes. */
    interface Pause {
        void of(Duration duration) throws InterruptedException;
    }

    /** What is tried. */
    interface Attempt<T extends @Nullable Object> {
        T run() throws InterruptedException;
    }

    static Retries usual(Pause pause) {
        return new Retries(ATTEMPTS, pause);
    }

    Retries once() {
        return new Retries(1, pause);
    }

    <T extends @Nullable Object> T run(Attempt<T> attempt, Consumer<String> notice) throws InterruptedException {
        return run(attempt, () -> 0, notice);
    }

    /**
     * @param progress a number that grows with what is achieved: a failure after progress counts as the first
     * @param notice is told before each pause what failed
     * @throws HubUnavailableException the last one
     */
    <T extends @Nullable Object> T run(Attempt<T> attempt, LongSupplier progress, Consumer<String> notice)
            throws InterruptedException {
        int failures = 0;
        while (true) {
            long before = progress.getAsLong();
            try {
                return attempt.run();
            } catch (HubUnavailableException e) {
                failures = progress.getAsLong() > before ? 1 : failures + 1;
                Duration wait = e.retryAfter().orElse(FIRST_PAUSE.multipliedBy(1L << (failures - 1)));
                if (failures >= attempts || wait.compareTo(LONGEST_PAUSE) > 0) {
                    throw e;
                }
                notice.accept("trying again in " + wait.toSeconds() + " s: " + e.getMessage());
                pause.of(wait);
            }
        }
    }
}
