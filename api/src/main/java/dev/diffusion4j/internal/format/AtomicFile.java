package dev.diffusion4j.internal.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A file that is written as a whole or not at all. */
public final class AtomicFile {

    /** As many as Linux follows. */
    private static final int MAX_LINKS = 40;

    private AtomicFile() {}

    /** Writes what shall be in the file. */
    public interface Content {
        void writeTo(FileChannel out) throws IOException;
    }

    /** As {@link #write(Path, Content)}, of bytes that are there. */
    public static void write(Path path, ByteBuffer content) throws IOException {
        write(path, out -> writeFully(out, content));
    }

    /**
     * Writes a file, or replaces it; what a symbolic link points to is replaced in the link's place. The content is on the
     * disk before the file has its name. Whatever ends the writing, nothing is left of it then.
     */
    public static void write(Path path, Content content) throws IOException {
        Path target = target(path);
        // Beside the target, so that the move stays within one file system; created with the user's usual permissions.
        Path temporary = target.resolveSibling(".diffusion4j-" + UUID.randomUUID() + ".part");
        try {
            try (FileChannel out =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(out);
                out.force(true);
            }
            try {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (Throwable e) {
            delete(temporary, e);
            throw e;
        }
    }

    /** Writes all of the buffer, which a channel need not do at once. */
    public static void writeFully(FileChannel out, ByteBuffer content) throws IOException {
        while (content.hasRemaining()) {
            out.write(content);
        }
    }

    private static Path target(Path path) throws IOException {
        Path target = path;
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MAX_LINKS) {
                throw new FileSystemException(path.toString(), null, "its symbolic links go round in a circle");
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        return target;
    }

    private static void delete(Path temporary, Throwable reason) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }
}
