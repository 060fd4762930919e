/**
 * JSON as plain values, and how types declare their form in it.
 */
package dev.diffusion4j.internal.json;
