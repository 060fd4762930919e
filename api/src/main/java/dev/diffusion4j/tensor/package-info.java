/**
 * Off-heap float32 tensors: {@link dev.diffusion4j.tensor.Tensor} over one memory segment, its
 * {@link dev.diffusion4j.tensor.Shape}, seeded normal noise, and NumPy's {@code .npy} files.
 *
 * <p>Tensors carry latents, embeddings and noise between the parts of the pipeline. They are plain arrays: there is no
 * graph, no device and no broadcasting. Only the arithmetic that denoising loops need is here.
 */
@NullMarked
package dev.diffusion4j.tensor;

import org.jspecify.annotations.NullMarked;
