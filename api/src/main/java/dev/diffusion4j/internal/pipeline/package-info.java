/**
 * The denoising loop in Java, and the encoder of prompts that goes before it.
 */
@NullMarked
package dev.diffusion4j.internal.pipeline;

import org.jspecify.annotations.NullMarked;
