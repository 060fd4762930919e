/**
 * Options of values, each declared once: name, form in JSON, and what it may be.
 */
package dev.diffusion4j.internal.options;
