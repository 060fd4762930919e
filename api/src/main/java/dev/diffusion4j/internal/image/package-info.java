/**
 * Pixels, picture files and their metadata, without what the library adds to them.
 */
package dev.diffusion4j.internal.image;
