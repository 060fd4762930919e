package dev.diffusion4j.internal.loader;

import dev.diffusion4j.error.NativeLibraryException;
import java.util.Locale;

/**
 * The operating system and processor that natives are named after.
 *
 * @param os {@code linux} or {@code macos}; another one by the JVM's name in lower case
 * @param arch {@code x86_64} or {@code aarch64}; another one by the JVM's name
 */
public record Platform(String os, String arch) {

    /** The platform this JVM runs on, supported or not. */
    public static Platform current() {
        return new Platform(osName(System.getProperty("os.name")), archName(System.getProperty("os.arch")));
    }

    private static String osName(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.startsWith("mac") ? "macos" : lower.startsWith("windows") ? "windows" : lower;
    }

    private static String archName(String name) {
        return name.equals("amd64") ? "x86_64" : name;
    }

    /**
     * Refuses Windows by its name. Its C {@code long} has 32 bits, so that the bindings cannot even be initialized there,
     * which would be an error of another kind. Elsewhere a library of the user's own may do.
     *
     * @throws NativeLibraryException on Windows
     */
    public void requireSupported() {
        if (os.equals("windows")) {
            throw new NativeLibraryException("Windows is not supported: Diffusion4J runs on Linux and macOS");
        }
    }

    /** The library's file name here. */
    public String libraryFileName() {
        return os.equals("macos") ? "libdiffusion4j.dylib" : "libdiffusion4j.so";
    }

    /** Such as {@code linux-x86_64}. */
    @Override
    public String toString() {
        return os + "-" + arch;
    }
}
