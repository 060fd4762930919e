/**
 * The engine in this process, over the Foreign Function and Memory API: one writer for each C struct.
 */
@NullMarked
package dev.diffusion4j.internal.ffm;

import org.jspecify.annotations.NullMarked;
