package dev.diffusion4j.internal.engine;

/**
 * What the runtime says of an open upscaler.
 *
 * @param runtime the source of the native library
 * @param device the name of the device that computes
 * @param scale how many times larger a picture becomes in each direction
 */
public record UpscalerInfo(String runtime, String device, int scale) {}
