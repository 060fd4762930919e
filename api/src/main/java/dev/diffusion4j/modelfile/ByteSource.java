package dev.diffusion4j.modelfile;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.Text;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A file opened for reading, and the one place that words why a file is refused.
 *
 * <p>Reads are plain reads at a position: a mapped file that shrinks would take the JVM down, and a channel would close
 * itself when the reading thread is interrupted.
 */
final class ByteSource implements AutoCloseable {

    private final Path path;
    private final RandomAccessFile file;
    private final long size;

    private ByteSource(Path path, RandomAccessFile file, long size) {
        this.path = path;
        this.file = file;
        this.size = size;
    }

    static ByteSource open(Path path) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new ModelFileException(Text.of(path) + " is not on the default file system");
        }
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                throw new ModelFileException(Text.of(path) + " is a directory, not a model file"
                        + (Files.exists(path.resolve("model_index.json"))
                                ? ": a model of diffusers in parts, which is opened as a whole or by the file of a part"
                                : "; name a file in it"));
            }
            // Opening a pipe would block, a device may never end.
            if (!attributes.isRegularFile()) {
                throw new ModelFileException(Text.of(path) + " is not a regular file");
            }
            if (!Files.isReadable(path)) {
                throw new AccessDeniedException(path.toString());
            }
            RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
            try {
                return new ByteSource(path, file, file.length());
            } catch (IOException e) {
                file.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new ModelFileException(Text.of(path) + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new ModelFileException(Text.of(path) + " cannot be read: permission denied", e);
        } catch (IOException e) {
            throw new ModelFileException(Text.of(path) + " cannot be read: " + Text.printable(e.getMessage()), e);
        }
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    /** Reads exactly {@code length} bytes; the caller has checked that they lie within the file and are not too many. */
    byte[] bytes(long position, int length) {
        byte[] bytes = new byte[length];
        int read = read(position, bytes, 0, length);
        if (read < length) {
            throw damaged("it became shorter while it was read");
        }
        return bytes;
    }

    /** Reads up to {@code length} bytes and says how many there were. */
    int read(long position, byte[] target, int offset, int length) {
        try {
            file.seek(position);
            int total = 0;
            while (total < length) {
                int count = file.read(target, offset + total, length - total);
                if (count < 0) {
                    break;
                }
                total += count;
            }
            return total;
        } catch (IOException e) {
            throw new ModelFileException(Text.of(path) + " cannot be read: " + Text.printable(e.getMessage()), e);
        }
    }

    ModelFileException damaged(String reason) {
        return new ModelFileException(Text.of(path) + " is damaged: " + reason);
    }

    ModelFileException notAModel(String reason) {
        return new ModelFileException(Text.of(path) + " is not a model file: " + reason);
    }

    ModelFileException unsupported(String reason) {
        return new ModelFileException(Text.of(path) + " cannot be used: " + reason);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new ModelFileException(Text.of(path) + " cannot be closed: " + Text.printable(e.getMessage()), e);
        }
    }
}
