package dev.diffusion4j.cli;

import java.time.Duration;

/**
 * Runs when the JVM is asked to end. After Ctrl-C it cancels the work under way and holds the JVM until that has stopped;
 * the JVM then ends with the signal's own exit code, 130. At a normal end there is nothing left to wait for.
 */
final class CancelOnShutdown extends Thread {

    /** Longer than a step of most models takes; a stuck computation does not keep the terminal for ever. */
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Cancellation cancellation;

    private CancelOnShutdown(Cancellation cancellation) {
        super("cancel on shutdown");
        this.cancellation = cancellation;
    }

    static void install(Cancellation cancellation) {
        Runtime.getRuntime().addShutdownHook(new CancelOnShutdown(cancellation));
    }

    @Override
    public void run() {
        if (!cancellation.request()) {
            return;
        }
        try {
            if (!cancellation.awaitFinish(LIMIT)) {
                Runtime.getRuntime().halt(ExitCode.CANCELLED);
            }
        } catch (InterruptedException e) {
            Runtime.getRuntime().halt(ExitCode.CANCELLED);
        }
    }
}
