package dev.diffusion4j;

import dev.diffusion4j.component.TextualInversion;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.internal.format.SafetensorsHeader;
import dev.diffusion4j.internal.format.SafetensorsHeader.Entry;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The textual inversions that a model is opened with, and a file of each for the runtime: it reads the file when a prompt has
 * the word for the first time, takes f32 alone, and knows fewer of PyTorch's ways to write a tensor. The files are in a
 * folder that only this user can read, and go when the model is closed.
 */
final class LearnedFiles implements AutoCloseable {

    private final List<TextualInversion> inversions = new ArrayList<>();
    private final Map<String, Path> files = new LinkedHashMap<>();
    /** Null until the first file is written. */
    private @Nullable Path folder;

    private LearnedFiles() {}

    /**
     * Loads inversions and writes their files.
     *
     * @param sources the user's files by their words
     * @throws ModelFileException if one cannot be read, or the files cannot be written
     */
    static LearnedFiles load(Map<String, Path> sources) {
        LearnedFiles files = new LearnedFiles();
        try {
            for (Map.Entry<String, Path> source : sources.entrySet()) {
                files.add(TextualInversion.load(source.getValue(), source.getKey()));
            }
            return files;
        } catch (Throwable e) {
            files.closeAfter(e);
            throw e;
        }
    }

    private void add(TextualInversion inversion) {
        inversions.add(inversion);
        try {
            if (folder == null) {
                folder = Files.createTempDirectory("diffusion4j");
                // A JVM may end with its models open.
                folder.toFile().deleteOnExit();
            }
            Path file = folder.resolve(files.size() + ".safetensors");
            file.toFile().deleteOnExit();
            files.put(inversion.token(), file);
            write(inversion.vectors(), file);
        } catch (IOException e) {
            throw new ModelFileException(
                    "no file for the runtime can be written for the textual inversion " + inversion.token() + ": " + e,
                    e);
        }
    }

    /** As safetensors. The runtime tells SDXL's two tensors by their widths. */
    private static void write(List<Tensor> vectors, Path file) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (Tensor tensor : vectors) {
            Shape shape = tensor.shape();
            List<Long> sides = List.of(shape.dimension(0), shape.dimension(1));
            entries.add(new Entry("emb_params" + entries.size(), "F32", sides, shape.byteSize()));
        }
        byte[] header = SafetensorsHeader.of(Map.of(), entries);
        long size = header.length + entries.stream().mapToLong(Entry::bytes).sum();
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(header);
        for (Tensor tensor : vectors) {
            bytes.asFloatBuffer().put(tensor.toArray());
            bytes.position(bytes.position() + Math.toIntExact(tensor.shape().byteSize()));
        }
        Files.write(file, bytes.array(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /** The inversions, in the order in which they were given. */
    List<TextualInversion> inversions() {
        return inversions;
    }

    /** The files for the runtime by their words, in the same order. */
    Map<String, Path> files() {
        return files;
    }

    /** Closes after a failure, which keeps its place. */
    void closeAfter(Throwable failure) {
        try {
            close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Frees the vectors and deletes the files. */
    @Override
    public void close() {
        inversions.forEach(TextualInversion::close);
        if (folder == null) {
            return;
        }
        try {
            for (Path file : files.values()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new ModelFileException(folder + " cannot be deleted: " + e, e);
        }
    }
}
