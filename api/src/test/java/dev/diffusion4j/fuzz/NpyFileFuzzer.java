package dev.diffusion4j.fuzz;

import dev.diffusion4j.error.TensorFileException;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Tensor;

/** NumPy's files. */
public final class NpyFileFuzzer {

    private static final InputFile INPUT = new InputFile();

    private NpyFileFuzzer() {}

    public static void fuzzerTestOneInput(byte[] input) {
        try (Tensor tensor = NpyFile.read(INPUT.holding(input))) {
            if (tensor.size() == 0) {
                throw new AssertionError("an empty array was accepted");
            }
        } catch (TensorFileException e) {
            // Refused, as it should be.
        }
    }
}
