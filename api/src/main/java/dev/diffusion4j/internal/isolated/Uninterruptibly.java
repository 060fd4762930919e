package dev.diffusion4j.internal.isolated;

import java.time.Duration;

/** Waits that an interrupt does not cut short, as it does not cut native work short; it is there again afterwards. */
final class Uninterruptibly {

    private Uninterruptibly() {}

    /** Waits for at most this long. */
    interface Wait<T> {
        T await(Duration limit) throws InterruptedException;
    }

    static <T> T await(Duration limit, Wait<T> wait) {
        long end = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return wait.await(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
