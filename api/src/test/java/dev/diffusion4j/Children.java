package dev.diffusion4j;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** The processes of isolated models, and signals to them. */
final class Children {

    private Children() {}

    /** The child JVMs of this process that live. */
    static Set<Long> pids() {
        return ProcessHandle.current()
                .children()
                .filter(ProcessHandle::isAlive)
                .filter(child -> child.info().commandLine().orElse("").contains("ChildMain"))
                .map(ProcessHandle::pid)
                .collect(Collectors.toSet());
    }

    /** The one child that came since. */
    static long newSince(Set<Long> before) {
        List<Long> fresh = pids().stream().filter(pid -> !before.contains(pid)).toList();
        if (fresh.size() != 1) {
            throw new AssertionError("one new child was expected: " + fresh);
        }
        return fresh.getFirst();
    }

    static void signal(String name, long pid) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    }

    static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    static boolean becomesTrue(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(20);
        }
        return true;
    }
}
