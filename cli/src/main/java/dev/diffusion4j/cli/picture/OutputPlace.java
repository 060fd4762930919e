package dev.diffusion4j.cli.picture;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds out before the work whether a file can be written after it. */
public final class OutputPlace {

    /** As many as Linux follows. */
    private static final int MAX_LINKS = 40;

    private OutputPlace() {}

    /** Why the file, or what a symbolic link in its place points to, could not be written; empty if it could. */
    public static Optional<String> obstacle(Path file) {
        return obstacle(file, MAX_LINKS);
    }

    private static Optional<String> obstacle(Path file, int links) {
        if (Files.isSymbolicLink(file)) {
            try {
                return links == 0
                        ? Optional.of("its symbolic links go round in a circle")
                        : obstacle(file.resolveSibling(Files.readSymbolicLink(file)), links - 1);
            } catch (IOException e) {
                return Optional.of(reason(e));
            }
        }
        if (Files.isDirectory(file)) {
            return Optional.of("it is a folder");
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            return Optional.of("the folder " + folder + " does not exist");
        }
        try {
            // The only way to know: permissions, a read-only disk, a quota.
            Files.delete(Files.createTempFile(folder, ".diffuse", ".part"));
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(reason(e));
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException f -> f.getReason() == null ? "its folder takes no files" : f.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
