/** Conversion of model files: what becomes of each tensor, and the writers of GGUF and safetensors. */
@NullMarked
package dev.diffusion4j.internal.convert;

import org.jspecify.annotations.NullMarked;
