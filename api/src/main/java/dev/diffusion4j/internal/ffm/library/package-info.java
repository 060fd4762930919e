/**
 * The native library itself, loaded once for the process, and what it says of itself. Knows nothing of models.
 */
@NullMarked
package dev.diffusion4j.internal.ffm.library;

import org.jspecify.annotations.NullMarked;
