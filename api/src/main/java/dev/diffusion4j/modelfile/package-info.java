/**
 * What model files hold, read from their headers alone: {@link dev.diffusion4j.modelfile.ModelFile} for safetensors, GGUF and PyTorch
 * checkpoints, {@link dev.diffusion4j.modelfile.ModelFamily} for what a model of each family can do. The readers trust no count and run
 * nothing.
 */
@NullMarked
package dev.diffusion4j.modelfile;

import org.jspecify.annotations.NullMarked;
