/**
 * The components of a model by themselves: text encoders, denoisers and autoencoders, over tensors off the heap. What diffusers has
 * in its {@code models}.
 */
@NullMarked
package dev.diffusion4j.component;

import org.jspecify.annotations.NullMarked;
