package dev.diffusion4j.cli.model;

import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.ModelPart;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a model stands for that was given by its file or by a name.
 *
 * @param parts its files, by what they are
 * @param entry the entry of the catalog, where a short name was given
 */
public record NamedModel(Map<ModelPart, Path> parts, Optional<CatalogEntry> entry) {

    static NamedModel of(Path file) {
        return new NamedModel(Map.of(ModelPart.MODEL, file), Optional.empty());
    }
}
