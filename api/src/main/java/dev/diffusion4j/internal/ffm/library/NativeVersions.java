package dev.diffusion4j.internal.ffm.library;

import dev.diffusion4j.bindings.D4j;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the native library says of itself. */
public final class NativeVersions {

    private NativeVersions() {}

    /** The native library's source. */
    public static String source() {
        return D4j.d4j_source_version().getString(0);
    }

    /** The native library's backends. */
    public static List<String> backends() {
        return List.of(D4j.d4j_backends().getString(0).split(","));
    }

    /** The native library's ABI number. */
    public static int abi() {
        return D4j.d4j_abi_version();
    }

    /** The ABI number that the native library must have. Touches the bindings, which needs native access. */
    public static int abiNeeded() {
        return D4j.D4J_ABI_VERSION();
    }

    /** The CPU variant that the native library chose; empty if it has just one. */
    public static Optional<String> cpuVariant() {
        return Optional.of(D4j.d4j_cpu_variant().getString(0)).filter(name -> !name.isEmpty());
    }

    /** How many threads a model that is opened now computes with on the CPU unless told otherwise. */
    public static int defaultThreads() {
        return defaultThreads(Runtime.getRuntime().availableProcessors());
    }

    /**
     * One per physical core, but no more than the processors that a JVM sees: it knows every kind of container's quota and
     * its own options.
     */
    public static int defaultThreads(int processors) {
        return Math.min(D4j.d4j_default_threads(), processors);
    }

    /** The processor features the native library uses, such as {@code AVX2}; the runtime writes {@code AVX2 = 1 | ...}. */
    public static List<String> processorFeatures() {
        String info = D4j.sd_get_system_info.makeInvoker().apply().getString(0);
        return Pattern.compile("(\\w+) = 1")
                .matcher(info)
                .results()
                .map(match -> match.group(1))
                .toList();
    }
}
