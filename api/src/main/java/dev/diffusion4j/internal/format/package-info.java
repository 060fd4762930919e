/**
 * Text: names compared as people type them, names of tensors, and what messages quote.
 */
@NullMarked
package dev.diffusion4j.internal.format;

import org.jspecify.annotations.NullMarked;
