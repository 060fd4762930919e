package dev.diffusion4j.cli;

import dev.diffusion4j.cli.picture.OutputPlace;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.TensorFileException;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** Arrays in .npy files as the user names them. */
final class ArrayFile {

    private ArrayFile() {}

    /**
     * Reads an array; the caller closes it.
     *
     * @throws TensorFileException if the file is missing, damaged or holds something else than float arrays
     */
    static Tensor read(Path file) {
        if (!Files.exists(file)) {
            throw new TensorFileException(file + " does not exist");
        }
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new TensorFileException(file + " is not a file that can be read");
        }
        return NpyFile.read(file);
    }

    /**
     * Checks that an array could be written, so that no minutes of work are lost.
     *
     * @throws TensorFileException if its folder does not exist or takes no files, or a folder has the file's name
     * @throws InvalidRequestException if the name ends in something else than .npy
     */
    static void requireWritable(Path file) {
        if (!file.toString().toLowerCase(Locale.ROOT).endsWith(".npy")) {
            throw new InvalidRequestException("the output's name", "'" + file + "'", "one that ends in .npy");
        }
        OutputPlace.obstacle(file).ifPresent(obstacle -> {
            throw new TensorFileException(file + " cannot be written: " + obstacle);
        });
    }

    /**
     * Writes an array: whole or not at all.
     *
     * @throws TensorFileException if it cannot be written
     */
    static void write(Tensor tensor, Path file) {
        Path temporary = file.resolveSibling("." + file.getFileName() + ".part");
        try {
            try {
                NpyFile.write(temporary, tensor);
                Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new TensorFileException(file + " cannot be written: " + e.getMessage(), e);
        }
    }
}
