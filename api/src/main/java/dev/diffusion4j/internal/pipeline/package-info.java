/**
 * The denoising loop in Java, and the encoder of prompts that goes before it.
 */
package dev.diffusion4j.internal.pipeline;
