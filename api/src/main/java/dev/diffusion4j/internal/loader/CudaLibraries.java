package dev.diffusion4j.internal.loader;

import dev.diffusion4j.error.NativeLibraryException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * NVIDIA's libraries from folders that the system's loader does not search, such as those of PyTorch's Python packages. A native
 * library that needs them gets what is loaded already.
 */
public final class CudaLibraries {

    /** Folders, separated as on the class path. */
    static final String PROPERTY = "diffusion4j.cuda.libraries";

    static final String VARIABLE = "DIFFUSION4J_CUDA_LIBRARIES";

    /** Each needs some of those before it. */
    private static final List<String> NAMES = List.of("libcudart", "libcublasLt", "libcublas");

    private CudaLibraries() {}

    /**
     * Loads them from the folders that the property or else the variable names; nothing if neither is set.
     *
     * @param loader loads a file; throws UnsatisfiedLinkError if it cannot be loaded
     * @throws NativeLibraryException if one of them is in none of the folders, or cannot be loaded
     */
    public static void load(Consumer<Path> loader) {
        String property = System.getProperty(PROPERTY);
        String folders = property == null ? System.getenv(VARIABLE) : property;
        if (folders == null || folders.isBlank()) {
            return;
        }
        String origin = property == null ? "the environment variable " + VARIABLE : "the system property " + PROPERTY;
        for (String name : NAMES) {
            List<Path> versions = Stream.of(folders.split(File.pathSeparator))
                    .filter(folder -> !folder.isBlank())
                    .flatMap(folder -> versions(folder, name, origin))
                    .toList();
            if (versions.isEmpty()) {
                throw new NativeLibraryException(
                        origin + " names " + folders + ", where there is no " + name + ".so.<version>");
            }
            for (Path version : versions) {
                try {
                    loader.accept(version);
                } catch (UnsatisfiedLinkError e) {
                    throw new NativeLibraryException(
                            version + ", from the folder that " + origin + " names, cannot be loaded: "
                                    + e.getMessage(),
                            e);
                }
            }
        }
    }

    /** The files of a library in a folder, by the names that programs are linked to: one for each major version. */
    private static Stream<Path> versions(String folder, String name, String origin) {
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            return files
                    .filter(file -> file.getFileName().toString().matches(name + "\\.so\\.\\d+"))
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException | InvalidPathException e) {
            throw new NativeLibraryException(
                    origin + " names " + folder + ", which cannot be read: " + e.getMessage(), e);
        }
    }
}
