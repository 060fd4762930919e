/**
 * What computes for an open model, {@link dev.diffusion4j.internal.engine.Engine}, without saying where: the thread that its calls run on,
 * what it is opened with, and one call for all components.
 */
@NullMarked
package dev.diffusion4j.internal.engine;

import org.jspecify.annotations.NullMarked;
