package dev.diffusion4j.server.clients;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the server's process and the model's have in memory, in bytes.
 *
 * @param heap what is reachable in the server's
 * @param nativeMemory what the server's has beside its heap
 * @param model all of the model's
 */
record ProcessMemory(long heap, long nativeMemory, long model) {

    /** Linux tells what is resident. */
    static boolean isKnown() {
        return Files.exists(Path.of("/proc/self/statm"));
    }

    /**
     * Measures, after a collection.
     *
     * @param model the process of the model
     */
    static ProcessMemory now(long model) throws IOException {
        MemoryMXBean beans = ManagementFactory.getMemoryMXBean();
        System.gc();
        return new ProcessMemory(
                beans.getHeapMemoryUsage().getUsed(),
                resident(ProcessHandle.current().pid())
                        - beans.getHeapMemoryUsage().getCommitted(),
                resident(model));
    }

    private static long resident(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }
}
