package dev.diffusion4j.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The one file that a fuzzer of a file format writes each input to; overwritten in place, which is a lot faster. */
final class InputFile {

    private final Path path;
    private final FileChannel channel;

    InputFile() {
        try {
            path = Files.createTempFile("fuzz", "");
            path.toFile().deleteOnExit();
            channel = FileChannel.open(path, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path holding(byte[] content) {
        try {
            channel.write(ByteBuffer.wrap(content), 0);
            channel.truncate(content.length);
            return path;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
