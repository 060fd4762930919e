/**
 * Diffusion4J as an image model of Spring AI. {@link dev.diffusion4j.springai.Diffusion4jImageModel} draws,
 * {@link dev.diffusion4j.springai.Diffusion4jImageOptions} says how.
 */
@NullMarked
package dev.diffusion4j.springai;

import org.jspecify.annotations.NullMarked;
