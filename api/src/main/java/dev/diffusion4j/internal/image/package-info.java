/**
 * Pixels, picture files and their metadata, without what the library adds to them.
 */
@NullMarked
package dev.diffusion4j.internal.image;

import org.jspecify.annotations.NullMarked;
