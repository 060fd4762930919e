/**
 * The engine in a child process: messages over a socket, data in shared memory. Carries any call without knowing it.
 */
@NullMarked
package dev.diffusion4j.internal.isolated;

import org.jspecify.annotations.NullMarked;
