package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A file that is being downloaded: its length is what came so far, and its hash is known as it grows. */
final class PartialFile implements AutoCloseable {

    private static final int BUFFER = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final long expectedSize;
    private final String etag;
    private ContentHash hash;
    private long length;
    private long farthest;

    private PartialFile(Path path, FileChannel channel, String etag, long expectedSize) {
        this.path = path;
        this.channel = channel;
        this.etag = etag;
        this.expectedSize = expectedSize;
        hash = ContentHash.of(etag, expectedSize);
    }

    /** Opens it, and reads what an earlier call left. */
    static PartialFile open(Path path, FileMetadata file) throws InterruptedException {
        try {
            Files.createDirectories(path.getParent());
            PartialFile partial = new PartialFile(
                    path,
                    FileChannel.open(
                            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                    file.etag(),
                    file.size());
            try {
                partial.readWhatIsThere();
                return partial;
            } catch (Throwable e) {
                partial.close();
                throw e;
            }
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException e) {
            throw new CacheAccessException("cannot open " + path, e);
        }
    }

    private void readWhatIsThere() throws IOException {
        if (channel.size() > expectedSize) {
            channel.truncate(0);
        }
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        while (channel.read(buffer) >= 0) {
            hash.update(buffer.flip());
            buffer.clear();
        }
        length = channel.position();
        farthest = length;
    }

    private static InterruptedException interrupted() {
        // Thrown with the thread marked, which InterruptedException is not.
        Thread.interrupted();
        return new InterruptedException();
    }

    long length() {
        return length;
    }

    /** The greatest length that it ever had: what comes again after a restart is no progress. */
    long farthest() {
        return farthest;
    }

    /**
     * Adds what came.
     *
     * @throws ChecksumException if that is more than there should be
     */
    void append(List<ByteBuffer> buffers) throws InterruptedException {
        for (ByteBuffer buffer : buffers) {
            if (length + buffer.remaining() > expectedSize) {
                throw new ChecksumException("more came than the " + Text.bytes(expectedSize) + " that were announced");
            }
            hash.update(buffer.duplicate());
            length += buffer.remaining();
            try {
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            } catch (ClosedByInterruptException e) {
                throw interrupted();
            } catch (IOException e) {
                throw writeFailure(e);
            }
            farthest = Math.max(farthest, length);
        }
    }

    private HubException writeFailure(IOException cause) {
        long missing = expectedSize - length;
        try {
            FileStore store = Files.getFileStore(path);
            if (store.getUsableSpace() < missing) {
                return new NoSpaceException(
                        "no space is left for " + path + ", of which " + Text.bytes(missing) + " are missing",
                        missing,
                        store.getUsableSpace());
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
        return new CacheAccessException("cannot write " + path, cause);
    }

    /** Throws away what came. */
    void restart() throws InterruptedException {
        try {
            channel.truncate(0);
            hash = ContentHash.of(etag, expectedSize);
            length = 0;
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException e) {
            throw new CacheAccessException("cannot empty " + path, e);
        }
    }

    boolean isComplete() {
        return length == expectedSize;
    }

    /** Whether the content has the hash; asked once, at the end. */
    boolean hasHash() {
        return hash.matches();
    }

    /** Has the file system keep it even if the power fails now. */
    void force() throws InterruptedException {
        try {
            channel.force(true);
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException e) {
            throw new CacheAccessException("cannot write " + path, e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
