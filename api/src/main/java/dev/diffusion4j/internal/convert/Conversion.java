package dev.diffusion4j.internal.convert;

import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.AtomicFile;
import dev.diffusion4j.internal.format.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Writes a planned file, whole or not at all, holding no more than a piece of one tensor in memory. */
public final class Conversion {

    private final OutputFile file;
    private final Path output;
    private final boolean overwrites;
    private final ConversionWatch watch;
    private int tensors;
    private long bytes;

    /**
     * @param overwrites whether a file that is there may be replaced
     */
    public Conversion(ConversionPlan plan, Path output, boolean overwrites, ConversionWatch watch) {
        this.file = plan.file();
        this.output = output;
        this.overwrites = overwrites;
        this.watch = watch;
    }

    /**
     * Refuses what cannot be written.
     *
     * @throws InvalidRequestException if there is a file and it may not be replaced
     * @throws ModelFileException if there is no folder, or too little space in it
     */
    public void check() {
        requireFree();
        Path folder = output.toAbsolutePath().getParent();
        if (Files.isDirectory(output) || folder == null || !Files.isDirectory(folder)) {
            throw refusal(
                    Files.isDirectory(output) ? "it is a folder" : "the folder " + folder + " does not exist", null);
        }
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < file.size()) {
                throw refusal("it takes " + file.size() + " bytes, and " + free + " are free", null);
            }
        } catch (IOException e) {
            throw refusal(reason(e), e);
        }
    }

    /**
     * Writes the file.
     *
     * @return its size in bytes
     * @throws GenerationCancelledException if the watch stopped it
     * @throws ModelFileException if a file cannot be read or written, or numbers are not what the types can hold
     */
    public long run() {
        try {
            AtomicFile.write(output, this::writeTo);
            return bytes;
        } catch (IOException e) {
            throw refusal(reason(e), e);
        }
    }

    private void writeTo(FileChannel out) throws IOException {
        TensorConverter converter = new TensorConverter(out, this::advance);
        AtomicFile.writeFully(out, ByteBuffer.wrap(file.header()));
        advance(file.header().length);
        for (PlannedTensor tensor : file.tensors()) {
            converter.write(tensor);
            int padding = (int) (file.padded(tensor) - tensor.byteLength());
            AtomicFile.writeFully(out, ByteBuffer.allocate(padding));
            tensors++;
            advance(padding);
        }
        requireFree();
    }

    private void advance(long count) {
        bytes += count;
        if (watch.isCancelled()) {
            throw new GenerationCancelledException("the conversion was cancelled");
        }
        watch.written(tensors, bytes, file.size());
    }

    private void requireFree() {
        if (!overwrites && Files.exists(output, LinkOption.NOFOLLOW_LINKS)) {
            throw new InvalidRequestException(
                    "output", output, "a file that is not there yet, unless it is overwritten");
        }
    }

    private ModelFileException refusal(String reason, @Nullable IOException cause) {
        return new ModelFileException(Text.of(output) + " cannot be written: " + reason, cause);
    }

    private static String reason(IOException e) {
        return Text.printable(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
    }
}
