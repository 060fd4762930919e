package dev.diffusion4j.cli.options;

import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.ModelPart;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files of a model that is about to be opened, all of them on this machine.
 *
 * @param parts the files by what they are; the demo model is meant if neither a model nor a diffusion model is among them
 * @param embeddings textual inversions
 * @param entry the entry of the catalog, where the model was given by a short name
 */
public record ModelFiles(
        Map<ModelPart, Path> parts, List<EmbeddingArgument> embeddings, Optional<CatalogEntry> entry) {}
