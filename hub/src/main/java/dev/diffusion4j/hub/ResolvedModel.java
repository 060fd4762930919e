package dev.diffusion4j.hub;

import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * A model on this machine: the files of its parts, and settings that suit it.
 *
 * @param name the reference, or the catalog's name
 * @param parts the files by part, in the order of {@link ModelPart}; for a reference only {@link ModelPart#MODEL}
 * @param defaults settings that suit it; for a reference none are known
 */
public record ResolvedModel(String name, Map<ModelPart, ResolvedFile> parts, ModelDefaults defaults) {

    /** Keeps a copy of the map, which has at least one part. */
    public ResolvedModel {
        parts = Collections.unmodifiableMap(new EnumMap<>(parts));
    }

    /** The file of the checkpoint or, of a model in parts, of its diffusion model. */
    public Path path() {
        return parts.values().iterator().next().path();
    }
}
