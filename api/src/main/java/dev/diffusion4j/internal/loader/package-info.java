/**
 * The search for the native library: where it may be, what is unpacked where, and what this machine is.
 */
package dev.diffusion4j.internal.loader;
