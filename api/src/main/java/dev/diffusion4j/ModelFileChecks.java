package dev.diffusion4j;

import dev.diffusion4j.internal.ModelParameters.Part;
import dev.diffusion4j.model.ModelFile;
import java.nio.file.Path;
import java.util.Map;

/** Checks every file a model is opened with before native code sees it. */
final class ModelFileChecks {

    private ModelFileChecks() {}

    /** Returns the main file's header. */
    static ModelFile check(Part mainPart, Map<Part, Path> files, Map<String, Path> embeddings) {
        return ModelFile.read(files.get(mainPart));
    }
}
