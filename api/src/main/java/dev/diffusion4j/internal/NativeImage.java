package dev.diffusion4j.internal;

import java.lang.foreign.MemorySegment;

/**
 * A picture in the runtime's own memory, which is freed once the segment is unreachable.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels RGB, 3 bytes a pixel, rows top down
 */
public record NativeImage(int width, int height, MemorySegment pixels) {}
