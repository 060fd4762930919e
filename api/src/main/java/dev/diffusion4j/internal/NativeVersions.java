package dev.diffusion4j.internal;

import dev.diffusion4j.bindings.D4j;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;

/** Versions of this library and of the native one. */
public final class NativeVersions {

    private static final String LIBRARY = readLibraryVersion();

    private NativeVersions() {}

    /** This library's version. */
    public static String library() {
        return LIBRARY;
    }

    /** The native library's source. */
    public static String source() {
        return D4j.d4j_source_version().getString(0);
    }

    /** The native library's backends. */
    public static List<String> backends() {
        return List.of(D4j.d4j_backends().getString(0).split(","));
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

    private static String readLibraryVersion() {
        Properties properties = new Properties();
        try (InputStream in = NativeVersions.class.getResourceAsStream("version.properties")) {
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
