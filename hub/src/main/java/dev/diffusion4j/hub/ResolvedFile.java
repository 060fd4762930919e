package dev.diffusion4j.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * A file of the hub on this machine.
 *
 * @param reference what was asked for
 * @param commit the commit that it is of, 40 digits
 * @param files where it is; several if the model is split, in their order, or a folder of diffusers, whose
 *     {@code model_index.json} is the first
 */
public record ResolvedFile(ModelReference reference, String commit, List<Path> files) {

    /** Keeps a copy of the list. */
    public ResolvedFile {
        files = List.copyOf(files);
    }

    /** The file to open; of a model that is split, the first, beside which the others are; of a folder of diffusers, the folder. */
    public Path path() {
        Path first = files.getFirst();
        return first.endsWith(FileChoice.FOLDER_INDEX)
                ? first.resolveSibling("").normalize()
                : first;
    }
}
