package dev.diffusion4j.internal;

import dev.diffusion4j.NativeLibraryException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Properties;

/**
 * Finds the native library: the file that the system property {@code diffusion4j.library} names, then the natives
 * artifacts on the class or module path (unpacked into a cache folder), then {@code java.library.path}.
 */
final class NativeLibraryLocator {

    /** A library file of the user's own. */
    static final String LIBRARY_PROPERTY = "diffusion4j.library";

    /** Which backend's artifact to take when there are several. */
    static final String BACKEND_PROPERTY = "diffusion4j.backend";

    /** Backends in the order they are preferred. */
    private static final List<String> BACKENDS = List.of("cuda", "metal", "vulkan", "cpu", "cpu-portable");

    private final Platform platform = Platform.current();
    private final List<String> attempts = new ArrayList<>();

    private NativeLibraryLocator() {}

    static Path locate() {
        return new NativeLibraryLocator().find();
    }

    private Path find() {
        String file = System.getProperty(LIBRARY_PROPERTY);
        if (file != null) {
            return explicit(Path.of(file));
        }
        for (String backend : wantedBackends()) {
            Path library = fromArtifact(backend);
            if (library != null) {
                return library;
            }
        }
        for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
            Path library = Path.of(folder, platform.libraryFileName());
            if (!folder.isBlank() && Files.isRegularFile(library)) {
                return library;
            }
        }
        attempts.add("java.library.path: no " + platform.libraryFileName());
        throw new NativeLibraryException("no native library for " + platform
                + "; add the artifact diffusion4j-natives with the classifier " + platform + "-cpu. Tried "
                + String.join("; ", attempts));
    }

    private static Path explicit(Path file) {
        if (!Files.isReadable(file)) {
            throw new NativeLibraryException(
                    file + ", named by the system property " + LIBRARY_PROPERTY + ", is missing or not readable");
        }
        return file;
    }

    private static List<String> wantedBackends() {
        String backend = System.getProperty(BACKEND_PROPERTY);
        return backend != null ? List.of(backend) : BACKENDS;
    }

    private Path fromArtifact(String backend) {
        String folder = "META-INF/diffusion4j/" + platform + "-" + backend + "/";
        try {
            Enumeration<URL> found =
                    NativeLibraryLocator.class.getClassLoader().getResources(folder + "natives.properties");
            if (!found.hasMoreElements()) {
                attempts.add("artifact for " + platform + "-" + backend + ": not on the class or module path");
                return null;
            }
            URL description = found.nextElement();
            Properties properties = new Properties();
            try (InputStream in = description.openStream()) {
                properties.load(in);
            }
            String name = properties.getProperty("file", platform.libraryFileName());
            URL content = URI.create(description.toString().replaceFirst("natives\\.properties$", "") + name)
                    .toURL();
            return ResourceUnpacker.unpack(content, name, properties.getProperty("sha256"));
        } catch (IOException e) {
            throw new NativeLibraryException(
                    "the native library for " + platform + "-" + backend + " cannot be unpacked: " + e.getMessage(), e);
        }
    }
}
