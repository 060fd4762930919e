/**
 * Files of videos and of what is heard.
 */
@NullMarked
package dev.diffusion4j.internal.video;

import org.jspecify.annotations.NullMarked;
