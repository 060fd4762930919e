/**
 * What the loop in Java over a model's components shows while it runs. What diffusers has in its {@code pipelines}.
 */
@NullMarked
package dev.diffusion4j.pipeline;

import org.jspecify.annotations.NullMarked;
