package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.cache.Unpacker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files by which parent and child find each other. Both delete them as soon as they have opened them.
 *
 * @param socket where the child connects; its folder is made for it
 * @param memory the shared memory
 */
record ChildFiles(Path socket, Path memory) {

    /** Systems allow sockets some hundred bytes for their path: 104 on macOS, 108 on Linux. */
    private static final int MAX_SOCKET_PATH = 100;

    private static final String NAME = "diffusion4j";
    private static final String SOCKET = "socket";

    static ChildFiles create() throws IOException {
        Path folder = createFolder();
        try {
            Path memory = Files.createTempFile(SharedMemory.folderOr(folder), NAME, ".memory");
            return new ChildFiles(folder.resolve(SOCKET), memory);
        } catch (IOException e) {
            Files.deleteIfExists(folder);
            throw e;
        }
    }

    /** Among the temporary files, unless nothing can be made there or its path is too long for a socket. */
    private static Path createFolder() throws IOException {
        List<String> reasons = new ArrayList<>();
        for (Path parent :
                List.of(Path.of(System.getProperty("java.io.tmpdir")), Path.of("/tmp"), SharedMemory.MEMORY_FOLDER)) {
            try {
                Path folder = Files.createTempDirectory(parent.toAbsolutePath(), NAME);
                if (folder.resolve(SOCKET).toString().length() <= MAX_SOCKET_PATH) {
                    return folder;
                }
                Files.delete(folder);
                reasons.add(parent + ": its name is too long for a socket's");
            } catch (IOException e) {
                reasons.add(parent + ": " + Unpacker.reason(e));
            }
        }
        throw new IOException("there is no folder for its socket; tried " + String.join("; ", reasons));
    }

    /** Holds the arguments of the command that starts the child. */
    Path arguments() {
        return socket.resolveSibling("arguments");
    }

    /**
     * Deletes those that are still there.
     *
     * @return what cannot be deleted, which harms nobody
     */
    Optional<IOException> delete() {
        IOException failure = null;
        for (Path file : List.of(memory, arguments(), socket, socket.getParent())) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                failure = e;
            }
        }
        return Optional.ofNullable(failure);
    }
}
