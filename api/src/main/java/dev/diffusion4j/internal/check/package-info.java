/**
 * What is refused before native code sees it: values out of range, and files that are not what they are given as.
 */
@NullMarked
package dev.diffusion4j.internal.check;

import org.jspecify.annotations.NullMarked;
