/**
 * The search for the native library: where it may be, what is unpacked where, and what this machine is.
 */
@NullMarked
package dev.diffusion4j.internal.loader;

import org.jspecify.annotations.NullMarked;
