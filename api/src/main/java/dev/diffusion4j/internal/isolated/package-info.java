/**
 * The engine in a child process: messages over a socket, data in shared memory. Carries any call without knowing it.
 */
package dev.diffusion4j.internal.isolated;
