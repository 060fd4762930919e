package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/** Finds the java command of a child: this JVM's own, or another where it has none, as in the images that jpackage makes. */
final class ChildJava {

    /** What the library is compiled for. */
    private static final int LEAST_VERSION = 25;

    private final List<String> tried = new ArrayList<>();

    private ChildJava() {}

    /**
     * @param othersWill whether another JVM than this one will do, because it can read the library
     * @throws InvalidRequestException if the options name a command that cannot be run
     * @throws DiffusionException if there is none; it says where it was looked for
     */
    static Path find(IsolatedOptions options, boolean othersWill) {
        if (options.javaCommand().isPresent()) {
            Path named = options.javaCommand().get();
            if (!isCommand(named)) {
                throw new InvalidRequestException("javaCommand", named, "a file that can be run");
            }
            return named.toAbsolutePath();
        }
        ChildJava search = new ChildJava();
        return search.own()
                .or(() -> othersWill ? search.others() : Optional.empty())
                .orElseThrow(
                        () -> new DiffusionException("the model's process cannot be started: no java command for it;"
                                + " name one of Java " + LEAST_VERSION
                                + " or newer with IsolatedOptions.withJavaCommand, or keep"
                                + " bin/java in the run-time image (jlink and jpackage leave it out with --strip-native-commands)."
                                + " Tried " + String.join("; ", search.tried)));
    }

    private Optional<Path> own() {
        Path java = commandIn(Path.of(System.getProperty("java.home"), "bin"));
        if (isCommand(java)) {
            return Optional.of(java);
        }
        tried.add(java + ": does not exist");
        return Optional.empty();
    }

    private Optional<Path> others() {
        List<String> folders = new ArrayList<>();
        String home = System.getenv("JAVA_HOME");
        if (home == null || home.isBlank()) {
            tried.add("JAVA_HOME: not set");
        } else {
            folders.add(home + File.separator + "bin");
        }
        String path = System.getenv("PATH");
        if (path != null) {
            folders.addAll(List.of(path.split(File.pathSeparator)));
        }
        for (String folder : folders) {
            Optional<Path> java = inFolder(folder);
            if (java.isPresent()) {
                return java;
            }
        }
        tried.add("the folders of PATH");
        return Optional.empty();
    }

    private Optional<Path> inFolder(String folder) {
        try {
            Path java = commandIn(Path.of(folder));
            if (folder.isBlank() || !isCommand(java)) {
                return Optional.empty();
            }
            int version = version(java);
            if (version >= LEAST_VERSION) {
                return Optional.of(java.toAbsolutePath());
            }
            tried.add(java + ": " + (version == 0 ? "of an unknown version" : "Java " + version));
        } catch (InvalidPathException e) {
            tried.add(folder + ": cannot be expressed in this locale");
        }
        return Optional.empty();
    }

    /** The feature version of the JDK that a command belongs to; 0 if its home does not tell. */
    private static int version(Path java) {
        try {
            Path release = java.toRealPath().resolveSibling("../release");
            Properties properties = new Properties();
            try (var in = Files.newInputStream(release)) {
                properties.load(in);
            }
            return Runtime.Version.parse(
                            properties.getProperty("JAVA_VERSION", "").replace("\"", ""))
                    .feature();
        } catch (IOException | IllegalArgumentException e) {
            return 0;
        }
    }

    private static Path commandIn(Path folder) {
        return folder.resolve("java");
    }

    private static boolean isCommand(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
