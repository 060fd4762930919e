/**
 * The exceptions of this library. All are unchecked. {@link dev.diffusion4j.error.DiffusionException} is the root of those that tell
 * of something outside the program; each subclass is one that a caller can act on.
 */
@NullMarked
package dev.diffusion4j.error;

import org.jspecify.annotations.NullMarked;
