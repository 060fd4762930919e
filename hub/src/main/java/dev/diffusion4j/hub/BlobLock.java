package dev.diffusion4j.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The right to work on a blob, among the threads of this process and among processes that run Java. Where file locks lie or
 * Python writes, the atomic move and the hash keep the cache right.
 */
final class BlobLock implements AutoCloseable {

    /** File locks belong to the process. One entry remains for each blob that was ever worked on, which are few. */
    private static final Map<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

    private static final Duration POLL = Duration.ofMillis(200);

    private final ReentrantLock thread;
    private final FileChannel channel;

    private BlobLock(ReentrantLock thread, FileChannel channel) {
        this.thread = thread;
        this.channel = channel;
    }

    /**
     * Waits for the lock.
     *
     * @param onWait called once if somebody else has it
     */
    static BlobLock acquire(Path file, Runnable onWait) throws InterruptedException, IOException {
        Path folder = Objects.requireNonNull(file.getParent(), "it is within the cache");
        Files.createDirectories(folder);
        ReentrantLock thread =
                THREADS.computeIfAbsent(folder.toRealPath().resolve(file.getFileName()), _ -> new ReentrantLock());
        boolean waiting = !thread.tryLock();
        if (waiting) {
            onWait.run();
            thread.lockInterruptibly();
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            while (!tryLock(channel)) {
                if (!waiting) {
                    onWait.run();
                    waiting = true;
                }
                Thread.sleep(POLL);
            }
            return new BlobLock(thread, channel);
        } catch (Throwable e) {
            thread.unlock();
            if (channel != null) {
                channel.close();
            }
            throw e;
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // This class, loaded once more by another application of this process, has it.
            return false;
        }
    }

    /** Lets go. The file stays: without it, two that wait could lock two different ones. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            thread.unlock();
        }
    }
}
