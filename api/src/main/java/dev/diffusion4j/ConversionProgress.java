package dev.diffusion4j;

/**
 * How far a conversion is.
 *
 * @param tensor how many tensors are written, from 0 to {@code tensors}
 * @param tensors how many tensors the new file has
 * @param bytes how many bytes are written
 * @param totalBytes how many bytes the new file has
 */
public record ConversionProgress(int tensor, int tensors, long bytes, long totalBytes) {}
