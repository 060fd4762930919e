package dev.diffusion4j.internal.isolated;

import com.fasterxml.jackson.core.JsonFactory;
import dev.diffusion4j.cache.CacheFolder;
import dev.diffusion4j.cache.Unpacker;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * The class path of a child: where this JVM's class loaders have the library's classes from, whichever loaders these are. Jars
 * within jars are copied to the cache folder.
 */
final class ChildClassPath {

    /** One class of each artifact that a child needs. */
    private static final List<Class<?>> NEEDED =
            List.of(ChildMain.class, NativeLibrary.bindings(), CacheFolder.class, JsonFactory.class);

    private ChildClassPath() {}

    /** Whether the library is part of the run-time image, as jlink makes it; then every JVM of the image has it. */
    static boolean isInImage() {
        return places(ChildMain.class).stream().anyMatch(place -> place.startsWith("jrt:"));
    }

    /**
     * The files and folders that hold the library.
     *
     * @throws DiffusionException if a class is where no other JVM can read it
     */
    static List<Path> derived() {
        Set<Path> paths = new LinkedHashSet<>();
        NEEDED.forEach(type -> paths.add(pathOf(type)));
        return List.copyOf(paths);
    }

    private static Path pathOf(Class<?> type) {
        List<String> reasons = new ArrayList<>();
        for (String place : places(type)) {
            try {
                Path path = path(place);
                if (!holds(path, type)) {
                    reasons.add(place + ": does not hold it");
                } else if (path.toString().contains(File.pathSeparator)) {
                    reasons.add(place + ": a class path cannot hold this name");
                } else {
                    return path;
                }
            } catch (IOException | IllegalArgumentException | FileSystemNotFoundException e) {
                reasons.add(place + ": " + Unpacker.reason(e));
            }
        }
        throw new DiffusionException("the model's process cannot be started: another JVM cannot read " + type.getName()
                + " from where this one has it; name the jars of the library and of what it needs with"
                + " IsolatedOptions.withClassPath. Tried " + String.join("; ", reasons));
    }

    /** What a class loader tells of the jar or folder that a class is in; not all tell the truth. */
    private static List<String> places(Class<?> type) {
        Stream<String> source = Optional.ofNullable(type.getProtectionDomain().getCodeSource())
                .map(CodeSource::getLocation)
                .map(URL::toString)
                .stream();
        String name = fileName(type);
        Stream<String> resource = Optional.ofNullable(type.getResource("/" + name)).map(URL::toString).stream()
                .filter(url -> url.endsWith(name))
                .map(url -> url.substring(0, url.length() - name.length()));
        return Stream.concat(source, resource).distinct().toList();
    }

    private static String fileName(Class<?> type) {
        return type.getName().replace('.', '/') + ".class";
    }

    /** A file or folder; what is none, such as a jar in a jar, is copied. */
    private static Path path(String place) throws IOException {
        // jar:file:/outer.jar!/inner.jar!/ and jar:nested:/outer.jar/!inner.jar!/ are the roots of jars.
        String jar = place.startsWith("jar:") && place.endsWith("!/") ? place.substring(4, place.length() - 2) : place;
        if (jar.startsWith("file:") && !jar.contains("!/")) {
            Path path = path(URI.create(jar.replace(" ", "%20")));
            return path.toString().contains(File.pathSeparator) && Files.isRegularFile(path)
                    ? copy(path.toUri().toURL())
                    : path;
        }
        return copy(URI.create(jar.replace(" ", "%20")).toURL());
    }

    private static Path path(URI file) throws IOException {
        try {
            // Without what a file has none of: file://host/ and the like.
            return Path.of(new URI("file", null, file.getPath(), null));
        } catch (URISyntaxException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Path copy(URL jar) throws IOException {
        String sha256;
        try (InputStream in = jar.openStream()) {
            sha256 = Unpacker.sha256(in);
        }
        return Unpacker.unpack("jars", jar::openStream, "library.jar", sha256);
    }

    private static boolean holds(Path path, Class<?> type) throws IOException {
        if (Files.isDirectory(path)) {
            return Files.isRegularFile(path.resolve(fileName(type)));
        }
        try (JarFile jar = new JarFile(path.toFile())) {
            return jar.getEntry(fileName(type)) != null;
        }
    }
}
