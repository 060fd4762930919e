/**
 * Models by name. {@link dev.diffusion4j.hub.ModelHub} turns {@code hf:org/name} or a short name of the
 * {@link dev.diffusion4j.hub.ModelCatalog} into files on this machine, {@link dev.diffusion4j.hub.ModelCache} says which are there
 * and removes them. The cache folder is the one of Python's huggingface_hub, and either finds what the other downloaded.
 */
@NullMarked
package dev.diffusion4j.hub;

import org.jspecify.annotations.NullMarked;
