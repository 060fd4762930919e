package dev.diffusion4j.cli.picture;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds out before the work whether a file can be written after it. */
public final class OutputPlace {

    private OutputPlace() {}

    /** Why the file could not be written; empty if it could. */
    public static Optional<String> obstacle(Path file) {
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
