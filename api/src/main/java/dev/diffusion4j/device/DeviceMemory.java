package dev.diffusion4j.device;

/**
 * The memory of a device at the time it was asked for.
 *
 * @param total in bytes
 * @param free in bytes
 */
public record DeviceMemory(long total, long free) {}
