package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Reads what the child prints, which is nothing while it is well, and keeps the end of it. */
final class ChildOutput {

    private static final int KEPT_LINES = 40;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Deque<String> lines = new ArrayDeque<>();
    private final Thread thread;

    ChildOutput(Process process) {
        // Not a virtual one: reading a pipe would hold its carrier for as long as the child lives.
        thread = Thread.ofPlatform()
                .name("diffusion4j process " + process.pid() + " output")
                .daemon()
                .start(() -> read(process));
    }

    private void read(Process process) {
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                NativeLibrary.logger().log(Level.DEBUG, line);
                keep(line);
            }
        } catch (IOException e) {
            // The child is gone; what it said last is kept.
        }
    }

    private synchronized void keep(String line) {
        if (lines.size() == KEPT_LINES) {
            lines.removeFirst();
        }
        lines.addLast(line);
    }

    /** The last lines of a child that has ended. */
    String lastWords() {
        Uninterruptibly.await(PATIENCE, left -> thread.join(left));
        return String.join("\n", snapshot());
    }

    private synchronized List<String> snapshot() {
        return List.copyOf(lines);
    }
}
