/**
 * Text: names compared as people type them, names of tensors, and what messages quote.
 */
package dev.diffusion4j.internal.format;
