/**
 * What Micrometer sees of models: an observation for each generation, and meters. {@link dev.diffusion4j.micrometer.ObservedModel}
 * begins. No prompt, no path and no picture reaches a tag.
 */
@NullMarked
package dev.diffusion4j.micrometer;

import org.jspecify.annotations.NullMarked;
