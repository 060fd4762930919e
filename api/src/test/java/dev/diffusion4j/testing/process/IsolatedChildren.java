package dev.diffusion4j.testing.process;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The processes of isolated models, and signals to them. */
public final class IsolatedChildren {

    private IsolatedChildren() {}

    /** The child JVMs of this process that live. */
    public static Set<Long> pids() {
        return ProcessHandle.current()
                .children()
                .filter(ProcessHandle::isAlive)
                .filter(child -> child.info().commandLine().orElse("").contains("ChildMain"))
                .map(ProcessHandle::pid)
                .collect(Collectors.toSet());
    }

    /** The one child that came since. */
    public static long newSince(Set<Long> before) {
        List<Long> fresh = pids().stream().filter(pid -> !before.contains(pid)).toList();
        if (fresh.size() != 1) {
            throw new AssertionError("one new child was expected: " + fresh);
        }
        return fresh.getFirst();
    }

    public static void signal(String name, long pid) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                    .start()
                    .onExit()
                    .join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Until it has ended. */
    public static void awaitEnd(long pid) {
        await().atMost(1, TimeUnit.MINUTES).until(() -> !isAlive(pid));
    }

    public static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }
}
