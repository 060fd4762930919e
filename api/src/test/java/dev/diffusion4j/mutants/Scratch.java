package dev.diffusion4j.mutants;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A file that becomes one mutant after the other. The zeros that most weights are stay in the system's cache. */
final class Scratch implements AutoCloseable {

    private final Path path;
    private final FileChannel channel;
    private List<FileImage.Block> present = List.of();
    private long length;

    Scratch(Path path) throws IOException {
        this.path = path;
        channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    Path path() {
        return path;
    }

    /** Writes what differs from the mutant before. No block of an image overlaps another. */
    void become(FileImage image) throws IOException {
        Set<FileImage.Block> kept = new HashSet<>(image.blocks);
        kept.retainAll(Set.copyOf(present));
        kept.removeIf(block -> block.end() > length);
        for (FileImage.Block block : present) {
            if (!kept.contains(block)) {
                write(block.offset(), new byte[block.bytes().length]);
            }
        }
        for (FileImage.Block block : image.blocks) {
            if (!kept.contains(block)) {
                write(block.offset(), block.bytes());
            }
        }
        if (channel.size() < image.length) {
            write(image.length - 1, new byte[1]);
        }
        channel.truncate(image.length);
        present = List.copyOf(image.blocks);
        length = image.length;
    }

    private void write(long offset, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer, offset + buffer.position());
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
