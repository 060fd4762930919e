/**
 * The components over an engine: each call names its tensors and goes to the model's thread.
 */
@NullMarked
package dev.diffusion4j.internal.component;

import org.jspecify.annotations.NullMarked;
