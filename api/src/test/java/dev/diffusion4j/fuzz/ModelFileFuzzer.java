package dev.diffusion4j.fuzz;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.ModelFileQuestions;
import dev.diffusion4j.modelfile.TensorInfo;

/** Safetensors, GGUF, zip and legacy PyTorch files: read, checked as every kind of model, and their small tensors read. */
public final class ModelFileFuzzer {

    private static final InputFile INPUT = new InputFile();
    private static final int MOST_BYTES = 1 << 16;

    private ModelFileFuzzer() {}

    public static void fuzzerTestOneInput(byte[] input) {
        ModelFile file;
        try {
            file = ModelFile.read(INPUT.holding(input));
        } catch (ModelFileException e) {
            return;
        }
        ModelFileQuestions.ask(file);
        for (TensorInfo tensor : file.tensors()) {
            if (tensor.byteLength() <= MOST_BYTES) {
                try {
                    file.load(tensor.name()).close();
                } catch (ModelFileException e) {
                    // A type whose numbers Java does not read.
                }
            }
        }
    }
}
