package dev.diffusion4j.parity;

import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.testing.gpu.GpuDevice;
import org.junit.jupiter.api.Tag;

/**
 * On a GPU. Its products are computed in half precision or TF32 in places, so more is tolerated: by default ten
 * times what is on the CPU.
 */
@Tag("gpu")
class GpuParityTest extends ComponentParity {

    @Override
    DeviceChoice device() {
        return GpuDevice.wanted();
    }

    @Override
    double leniency() {
        return Double.parseDouble(System.getProperty("gpu.leniency", "10"));
    }
}
