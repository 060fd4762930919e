package dev.diffusion4j.internal.isolated;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Memory that parent and child both map: a flag that cancels, then room for the tensors and pictures of one call. It grows
 * with what is asked of it. Both keep the file open, so that it can be deleted as soon as both have opened it.
 *
 * <p>Not thread-safe, but for the flag.
 */
final class SharedMemory implements AutoCloseable {

    /** Where memory that is a file lives on Linux. */
    static final Path MEMORY_FOLDER = Path.of("/dev/shm");

    /** Less room than this in {@link #MEMORY_FOLDER} (containers often have 64 MB) and an ordinary file is used. */
    private static final long ENOUGH_ROOM = 1L << 30;

    /** The flag has the first part of the file for itself, so that it stays where it is when the data grows. */
    private static final int DATA_START = 1 << 16;

    private static final int ZEROS = 1 << 20;

    private final FileChannel file;
    private final ChannelThread thread;
    private final Arena flagArena = Arena.ofShared();
    private final MemorySegment flag;
    private Arena dataArena = Arena.ofShared();
    private MemorySegment data = MemorySegment.NULL;

    private SharedMemory(FileChannel file, ChannelThread thread) throws IOException {
        this.file = file;
        this.thread = thread;
        flag = thread.call(() -> {
            extend(DATA_START);
            return file.map(MapMode.READ_WRITE, 0, Integer.BYTES, flagArena);
        });
    }

    /** Where a file for shared memory is best made: in memory, or else in the folder. */
    static Path folderOr(Path otherwise) {
        boolean roomy = Files.isDirectory(MEMORY_FOLDER)
                && Files.isWritable(MEMORY_FOLDER)
                && MEMORY_FOLDER.toFile().getUsableSpace() >= ENOUGH_ROOM;
        return roomy ? MEMORY_FOLDER : otherwise;
    }

    /**
     * Opens an existing file.
     *
     * @param thread does what is done with it
     */
    static SharedMemory open(Path path, ChannelThread thread) throws IOException {
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            return new SharedMemory(file, thread);
        } catch (IOException | RuntimeException | Error e) {
            try (file) {
                throw e;
            }
        }
    }

    /** An int that native code can poll. */
    MemorySegment flag() {
        return flag;
    }

    /** Bytes of data that the file has room for, whichever side made it. */
    long size() throws IOException {
        return thread.call(file::size) - DATA_START;
    }

    /**
     * Room for a call's data, at least this many bytes. Segments that were given before end when it grows.
     *
     * @throws IOException if there is no room left
     */
    MemorySegment data(long bytes) throws IOException {
        if (data.byteSize() < bytes) {
            long size = Math.max(bytes, size());
            data = MemorySegment.NULL;
            dataArena.close();
            dataArena = Arena.ofShared();
            data = thread.call(() -> {
                extend(DATA_START + size);
                return file.map(MapMode.READ_WRITE, DATA_START, size, dataArena);
            });
        }
        return data;
    }

    /** Writes zeros in place of leaving a hole, whose first use would end the process where no room is left. */
    private void extend(long size) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS);
        for (long end = file.size(); end < size; ) {
            zeros.clear().limit((int) Math.min(ZEROS, size - end));
            end += file.write(zeros, end);
        }
    }

    @Override
    public void close() throws IOException {
        try (file) {
            flagArena.close();
            dataArena.close();
        }
    }
}
