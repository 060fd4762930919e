package dev.diffusion4j.internal;

import dev.diffusion4j.NativeLibraryException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;

/**
 * Finds the native library and has it loaded: the file that the system property {@code diffusion4j.library} names, then the
 * natives artifacts on the class or module path (unpacked into the first cache folder that it can be loaded from), then
 * {@code java.library.path}.
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

    private final Consumer<Path> loader;

    private NativeLibraryLocator(Consumer<Path> loader) {
        this.loader = loader;
    }

    /**
     * Loads the library.
     *
     * @param loader loads a file; throws UnsatisfiedLinkError if it cannot be loaded from where it is
     * @return the file that was loaded
     * @throws NativeLibraryException if there is none, or none can be loaded
     */
    static Path load(Consumer<Path> loader) {
        return new NativeLibraryLocator(loader).find();
    }

    private Path find() {
        String file = System.getProperty(LIBRARY_PROPERTY);
        if (file != null) {
            return load(explicit(Path.of(file)));
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
                return load(library);
            }
        }
        attempts.add("java.library.path: no " + platform.libraryFileName());
        throw new NativeLibraryException("no native library for " + platform
                + "; add the artifact diffusion4j-natives with the classifier " + platform + "-cpu. Tried "
                + String.join("; ", attempts));
    }

    private Path load(Path library) {
        try {
            loader.accept(library);
            return library;
        } catch (UnsatisfiedLinkError e) {
            throw new NativeLibraryException(library + " cannot be loaded: " + e.getMessage(), e);
        }
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
            return unpacked(platform + "-" + backend, content, name, properties.getProperty("sha256"));
        } catch (IOException e) {
            throw new NativeLibraryException(
                    "the artifact of the native library for " + platform + "-" + backend + " cannot be read: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Loads the library from the first cache folder that allows it: some cannot be written, some hold no programs. */
    private Path unpacked(String natives, URL content, String name, String sha256) {
        List<String> failures = new ArrayList<>();
        List<Throwable> causes = new ArrayList<>();
        for (CacheFolder cache : CacheFolder.candidates()) {
            try {
                Path library = ResourceUnpacker.unpack(cache, content, name, sha256);
                loader.accept(library);
                return library;
            } catch (IOException | UnsatisfiedLinkError e) {
                failures.add(cache.path() + ": " + reason(e));
                causes.add(e);
            }
        }
        NativeLibraryException exception = new NativeLibraryException(
                "the native library for " + natives + " cannot be unpacked and loaded; name a folder where files may be"
                        + " written and run with the system property " + CacheFolder.PROPERTY + ". Tried "
                        + String.join("; ", failures),
                causes.getLast());
        causes.subList(0, causes.size() - 1).forEach(exception::addSuppressed);
        throw exception;
    }

    private static String reason(Throwable failure) {
        return failure instanceof AccessDeniedException e
                ? "permission denied for " + e.getFile()
                : failure.getMessage();
    }
}
