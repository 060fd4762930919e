/**
 * Requests and options as values: immutable, equal by what they say, changed by copies, and JSON without loss.
 * {@link dev.diffusion4j.request.ImageRequest} says what to draw, {@link dev.diffusion4j.request.ModelOptions} how a model is opened.
 */
@NullMarked
package dev.diffusion4j.request;

import org.jspecify.annotations.NullMarked;
