/**
 * Options of values, each declared once: name, form in JSON, and what it may be.
 */
@NullMarked
package dev.diffusion4j.internal.options;

import org.jspecify.annotations.NullMarked;
