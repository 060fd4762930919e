package dev.diffusion4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Where unpacked files are kept between runs: {@code DIFFUSION4J_CACHE}, else {@code XDG_CACHE_HOME/diffusion4j}, else
 * {@code ~/.cache/diffusion4j}; where that cannot be written, a folder of this user's among the temporary files.
 */
final class CacheFolder {

    private CacheFolder() {}

    /** A folder below the cache folder that this process may write and only this user may enter. */
    static Path create(String name) throws IOException {
        try {
            return createOwned(preferred().resolve(name));
        } catch (IOException e) {
            Path temporary = Path.of(
                    System.getProperty("java.io.tmpdir"), "diffusion4j-" + System.getProperty("user.name"), name);
            try {
                return createOwned(temporary);
            } catch (IOException second) {
                second.addSuppressed(e);
                throw second;
            }
        }
    }

    private static Path preferred() {
        String own = System.getenv("DIFFUSION4J_CACHE");
        if (own != null && !own.isBlank()) {
            return Path.of(own);
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base = xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
        return base.resolve("diffusion4j");
    }

    private static Path createOwned(Path folder) throws IOException {
        Files.createDirectories(folder);
        PosixFileAttributeView posix = Files.getFileAttributeView(folder, PosixFileAttributeView.class);
        if (posix != null) {
            // Fails where somebody else owns the folder, which must not be trusted then.
            posix.setPermissions(PosixFilePermissions.fromString("rwx------"));
        }
        if (!Files.isWritable(folder)) {
            throw new IOException(folder + " is not writable");
        }
        return folder;
    }
}
