package dev.diffusion4j.mutants;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A file that becomes one mutant after the other. The zeros that most weights are stay in the system's cache. */
final class Scratch implements AutoCloseable {

    private final Path path;
    private final FileChannel channel;
    private List<FileImage.Block> present = List.of();

    Scratch(Path path) throws IOException {
        this.path = path;
        channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    Path path() {
        return path;
    }

    void become(FileImage image) throws IOException {
        for (FileImage.Block block : present) {
            write(block.offset(), new byte[block.bytes().length]);
        }
        for (FileImage.Block block : image.blocks) {
            write(block.offset(), block.bytes());
        }
        if (channel.size() < image.length) {
            write(image.length - 1, new byte[1]);
        }
        channel.truncate(image.length);
        present = List.copyOf(image.blocks);
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
