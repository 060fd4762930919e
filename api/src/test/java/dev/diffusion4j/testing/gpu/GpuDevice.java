package dev.diffusion4j.testing.gpu;

import dev.diffusion4j.device.DeviceChoice;

/** The GPU to test. */
public final class GpuDevice {

    private GpuDevice() {}

    /** What {@code -Dgpu.device=} names, as {@code --device} takes it; the first GPU without it. */
    public static DeviceChoice wanted() {
        return DeviceChoice.parse(System.getProperty("gpu.device", "gpu"));
    }
}
