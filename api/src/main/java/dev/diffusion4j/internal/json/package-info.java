/**
 * JSON as plain values, and how types declare their form in it.
 */
@NullMarked
package dev.diffusion4j.internal.json;

import org.jspecify.annotations.NullMarked;
