package dev.diffusion4j.internal.engine;

import dev.diffusion4j.device.DeviceChoice;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Everything an upscaler is opened with.
 *
 * @param model its file
 * @param device the device that computes
 * @param threads of the CPU
 * @param processors that the user's JVM sees: the most threads by default, in a process of the upscaler's own too
 */
public record UpscalerSpec(Path model, DeviceChoice device, Optional<Integer> threads, int processors) {}
