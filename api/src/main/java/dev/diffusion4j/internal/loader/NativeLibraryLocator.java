package dev.diffusion4j.internal.loader;

import dev.diffusion4j.cache.CacheFolder;
import dev.diffusion4j.cache.Unpacker;
import dev.diffusion4j.device.NativeDiagnosis.Cache;
import dev.diffusion4j.device.NativeDiagnosis.Outcome;
import dev.diffusion4j.device.NativeDiagnosis.Place;
import dev.diffusion4j.error.NativeLibraryException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the native library and has it loaded: the file that the system property {@code diffusion4j.library} or else the
 * environment variable {@code DIFFUSION4J_LIBRARY} names, and then nothing else; otherwise the natives artifacts on the
 * class or module path (unpacked into the first cache folder that it can be loaded from), then {@code java.library.path}.
 * An artifact that cannot be used is passed over for the next. Keeps what it saw for the diagnosis.
 */
public final class NativeLibraryLocator {

    /** A library file of the user's own. */
    static final String LIBRARY_PROPERTY = "diffusion4j.library";

    static final String LIBRARY_VARIABLE = "DIFFUSION4J_LIBRARY";

    /** Which backend's artifact to take when there are several. */
    static final String BACKEND_PROPERTY = "diffusion4j.backend";

    static final String BACKEND_VARIABLE = "DIFFUSION4J_BACKEND";

    /** Backends in the order they are preferred. */
    private static final List<String> BACKENDS = List.of("cuda", "metal", "vulkan", "cpu");

    /** The part of a cache folder that libraries are unpacked into. */
    private static final String UNPACKED = "natives";

    private static final List<Platform> PLATFORMS = Stream.of("linux", "macos")
            .flatMap(os -> Stream.of(new Platform(os, "x86_64"), new Platform(os, "aarch64")))
            .toList();

    /** How the JVM words that a second class loader loads a library. */
    private static final String LOADED_ELSEWHERE = "already loaded in another classloader";

    private static final Logger LOG = System.getLogger("dev.diffusion4j.runtime");

    private final Platform platform = Platform.current();
    private final List<Place> places = new ArrayList<>();
    private final Map<CacheFolder, Cache> caches = new LinkedHashMap<>();
    private final List<Throwable> causes = new ArrayList<>();

    private final Consumer<Path> loader;
    private final ClassLoader resources;
    private final IntSupplier abi;

    /** Null until a library is loaded. */
    private @Nullable Path loaded;
    /** Unpacks what was loaded; null if it was not unpacked. */
    private @Nullable Unpacking again;
    /** Why nothing more is taken; null while the search goes on. */
    private @Nullable String settled;

    /**
     * @param loader loads a file; throws UnsatisfiedLinkError if it cannot be loaded from where it is
     * @param resources where the artifacts are
     * @param abi the ABI number that an artifact must have
     */
    public NativeLibraryLocator(Consumer<Path> loader, ClassLoader resources, IntSupplier abi) {
        this.loader = loader;
        this.resources = resources;
        this.abi = abi;
    }

    /**
     * Loads the library; called once.
     *
     * @return the file that was loaded
     * @throws NativeLibraryException if there is none, or none can be loaded
     */
    public Path load() {
        explicit("system property " + LIBRARY_PROPERTY, System.getProperty(LIBRARY_PROPERTY));
        explicit("environment variable " + LIBRARY_VARIABLE, System.getenv(LIBRARY_VARIABLE));
        artifacts();
        libraryPath();
        otherPlatforms();
        if (loaded == null) {
            throw failure();
        }
        passedOver().forEach(place -> LOG.log(Level.WARNING, place.name() + " was passed over: " + place.detail()));
        return loaded;
    }

    /** Unpacks the library. */
    @FunctionalInterface
    private interface Unpacking {
        Path unpack() throws IOException;
    }

    /**
     * The file that was loaded, or another copy of it if that is gone: temporary folders are tidied up.
     *
     * @throws IOException if it cannot be unpacked again
     */
    public Path file() throws IOException {
        Path file = Objects.requireNonNull(loaded, "load() comes first");
        return Files.isRegularFile(file) || again == null ? file : again.unpack();
    }

    /** Where the library was looked for so far, in this order. */
    public List<Place> places() {
        return places;
    }

    /** The folders for unpacked files, in the order of preference. */
    public List<Cache> caches() {
        List<Cache> all = new ArrayList<>();
        for (CacheFolder folder : CacheFolder.candidates()) {
            all.add(caches.getOrDefault(folder, cache(folder, Outcome.NOT_NEEDED, "")));
        }
        return all;
    }

    /** Takes back that the loaded library can be used. */
    public void refuse(String reason) {
        places.replaceAll(
                place -> place.outcome() == Outcome.LOADED ? new Place(place.name(), Outcome.REFUSED, reason) : place);
    }

    private void explicit(String name, @Nullable String file) {
        if (file == null || file.isBlank()) {
            record(name, Outcome.ABSENT, "not set");
        } else if (settled != null) {
            record(name, Outcome.NOT_NEEDED, settled);
        } else {
            Optional<Path> path = readable(file);
            if (path.isEmpty()) {
                record(name, Outcome.REFUSED, file + " is missing or not a readable file");
            } else {
                loadFile(name, path.get());
            }
            // Whoever names a file wants that one and not another in its place.
            settled = "the " + name + " names the library";
        }
    }

    /** The file, if there is one that can be read; a name that cannot be expressed in this locale is none. */
    private static Optional<Path> readable(String file) {
        try {
            return Optional.of(Path.of(file)).filter(path -> Files.isRegularFile(path) && Files.isReadable(path));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private void loadFile(String name, Path library) {
        try {
            load(name, library);
            loaded(name, library, library.toString());
        } catch (UnsatisfiedLinkError e) {
            causes.add(e);
            record(name, Outcome.REFUSED, library + " cannot be loaded: " + Unpacker.reason(e));
        }
    }

    /**
     * The JVM gives a native library to one class loader. A copy of the file would be loaded, as a second runtime with threads,
     * devices and memory of its own.
     *
     * @throws NativeLibraryException if another class loader has it
     */
    private void requireNotLoadedElsewhere(String name, Path library, UnsatisfiedLinkError failure) {
        if (String.valueOf(failure.getMessage()).contains(LOADED_ELSEWHERE)) {
            String reason =
                    library + " is loaded by another class loader of this JVM already, and a native library belongs to"
                            + " one: put Diffusion4J where both applications see it, on their parent class loader (such as the"
                            + " server's folder for shared libraries), and not into each of them";
            record(name, Outcome.REFUSED, reason);
            throw new NativeLibraryException(reason, failure);
        }
    }

    private void artifacts() {
        String wanted = System.getProperty(BACKEND_PROPERTY, System.getenv(BACKEND_VARIABLE));
        Stream.concat(BACKENDS.stream(), Stream.ofNullable(wanted)).distinct().forEach(backend -> {
            String name = artifactName(platform, backend);
            boolean isWanted = wanted == null || wanted.equals(backend);
            try {
                List<URL> found = descriptions(platform, backend);
                if (found.isEmpty() && isWanted) {
                    record(name, Outcome.ABSENT, "not on the class or module path");
                }
                for (URL description : found) {
                    if (settled != null) {
                        record(name, Outcome.NOT_NEEDED, origin(description) + ": " + settled);
                    } else if (!isWanted) {
                        record(name, Outcome.NOT_NEEDED, origin(description) + ": " + wanted + " is asked for");
                    } else {
                        fromArtifact(name, description);
                    }
                }
            } catch (IOException e) {
                causes.add(e);
                record(name, Outcome.REFUSED, "cannot be read: " + Unpacker.reason(e));
            }
        });
    }

    private static String artifactName(Platform platform, String backend) {
        return "artifact " + platform + "-" + backend;
    }

    private List<URL> descriptions(Platform of, String backend) throws IOException {
        return Collections.list(
                resources.getResources("META-INF/diffusion4j/" + of + "-" + backend + "/natives.properties"));
    }

    /** The jar or folder that a resource is in. */
    private static String origin(URL resource) {
        String text = resource.toString().replaceFirst("^jar:", "").replaceFirst("!?/META-INF/.*$", "");
        return text.replaceFirst("^file:", "");
    }

    private void fromArtifact(String name, URL description) {
        String origin = origin(description);
        Properties properties = new Properties();
        try (InputStream in = description.openStream()) {
            properties.load(in);
        } catch (IOException | IllegalArgumentException e) {
            causes.add(e);
            record(name, Outcome.REFUSED, origin + ": its description cannot be read: " + Unpacker.reason(e));
            return;
        }
        String itsAbi = properties.getProperty("abi");
        if (itsAbi != null && !itsAbi.equals(Integer.toString(abi.getAsInt()))) {
            record(
                    name,
                    Outcome.REFUSED,
                    origin + ": it has ABI " + itsAbi + ", this version of Diffusion4J (" + LibraryVersion.current()
                            + ") needs " + abi.getAsInt());
            return;
        }
        String file = properties.getProperty("file", platform.libraryFileName());
        try {
            URL content = URI.create(description.toString().replaceFirst("natives\\.properties$", "") + file)
                    .toURL();
            unpack(name, origin, content, file, properties.getProperty("sha256"));
        } catch (IOException | IllegalArgumentException e) {
            causes.add(e);
            record(name, Outcome.REFUSED, origin + ": " + Unpacker.reason(e));
        }
    }

    /** Loads the library from the first cache folder that allows it: some cannot be written, some hold no programs. */
    private void unpack(String name, String origin, URL content, String file, @Nullable String sha256) {
        List<String> failures = new ArrayList<>();
        for (CacheFolder folder : CacheFolder.candidates()) {
            try {
                Path library = Unpacker.unpack(folder, UNPACKED, content::openStream, file, sha256);
                load(name, library);
                caches.put(folder, cache(folder, Outcome.LOADED, ""));
                loaded(name, library, origin + ", unpacked to " + library);
                again = () -> Unpacker.unpack(UNPACKED, content::openStream, file, sha256);
                return;
            } catch (IOException | UnsatisfiedLinkError e) {
                causes.add(e);
                failures.add(folder.name() + ": " + Unpacker.reason(e));
                caches.put(folder, cache(folder, Outcome.REFUSED, Unpacker.reason(e)));
            }
        }
        record(
                name,
                Outcome.REFUSED,
                origin + " cannot be unpacked and loaded; if the reason is the folder, name one where files may be"
                        + " written and run with the system property " + CacheFolder.PROPERTY + ". Tried "
                        + String.join("; ", failures));
    }

    private void load(String name, Path library) {
        try {
            loader.accept(library);
        } catch (UnsatisfiedLinkError e) {
            requireNotLoadedElsewhere(name, library, e);
            throw e;
        }
    }

    private static Cache cache(CacheFolder folder, Outcome outcome, String detail) {
        try {
            return new Cache(
                    folder.name(),
                    outcome,
                    detail,
                    folder.permissions(),
                    Mounts.current().forbidsPrograms(folder.path()));
        } catch (IOException e) {
            // It is no path, which its own error says when it is tried.
            return new Cache(folder.name(), outcome, detail, "", false);
        }
    }

    private void libraryPath() {
        for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
            Optional<Path> library = folder.isBlank()
                    ? Optional.empty()
                    : readable(folder + File.separator + platform.libraryFileName());
            if (library.isEmpty()) {
                continue;
            }
            if (settled != null) {
                record("java.library.path", Outcome.NOT_NEEDED, library.get() + ": " + settled);
            } else {
                loadFile("java.library.path", library.get());
            }
            return;
        }
        record("java.library.path", Outcome.ABSENT, "no " + platform.libraryFileName());
    }

    /** What somebody who is missing a library may have added in its place. */
    private void otherPlatforms() {
        for (Platform other : PLATFORMS) {
            for (String backend : other.equals(platform) ? List.<String>of() : BACKENDS) {
                try {
                    for (URL description : descriptions(other, backend)) {
                        record(
                                artifactName(other, backend),
                                loaded == null ? Outcome.REFUSED : Outcome.NOT_NEEDED,
                                origin(description) + ": is for another platform than this, " + platform);
                    }
                } catch (IOException e) {
                    // Then it is not there; that it could not be used anyway is all there is to say.
                    continue;
                }
            }
        }
    }

    private void loaded(String name, Path library, String detail) {
        loaded = library;
        record(name, Outcome.LOADED, detail);
        settled = "the " + name + " was taken";
    }

    private void record(String name, Outcome outcome, String detail) {
        places.add(new Place(name, outcome, detail));
    }

    private Stream<Place> passedOver() {
        return places.stream().filter(place -> place.outcome() == Outcome.REFUSED);
    }

    private NativeLibraryException failure() {
        List<String> refusals =
                passedOver().map(place -> place.name() + ": " + place.detail()).toList();
        List<String> absent = places.stream()
                .filter(place -> place.outcome() == Outcome.ABSENT)
                .map(place -> place.name() + ": " + place.detail())
                .toList();
        String message = refusals.isEmpty()
                ? "no native library for " + platform + "; add the artifact diffusion4j-natives with the classifier "
                        + platform + "-cpu. Tried " + String.join("; ", absent)
                : "no native library that can be used on " + platform + ": " + String.join("; ", refusals);
        if (causes.isEmpty()) {
            return new NativeLibraryException(message);
        }
        NativeLibraryException exception = new NativeLibraryException(message, causes.getLast());
        causes.stream().limit(causes.size() - 1L).forEach(exception::addSuppressed);
        return exception;
    }
}
