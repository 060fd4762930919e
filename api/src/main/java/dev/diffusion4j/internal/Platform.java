package dev.diffusion4j.internal;

import java.util.Locale;

/**
 * The operating system and processor that natives are named after.
 *
 * @param os {@code linux}, {@code macos} or {@code windows}
 * @param arch {@code x86_64} or {@code aarch64}
 */
public record Platform(String os, String arch) {

    /** The platform this JVM runs on. */
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

    /** Whether this is Windows. */
    public boolean isWindows() {
        return os.equals("windows");
    }

    /** The library's file name here. */
    public String libraryFileName() {
        return switch (os) {
            case "windows" -> "diffusion4j.dll";
            case "macos" -> "libdiffusion4j.dylib";
            default -> "libdiffusion4j.so";
        };
    }

    /** Such as {@code linux-x86_64}. */
    @Override
    public String toString() {
        return os + "-" + arch;
    }
}
