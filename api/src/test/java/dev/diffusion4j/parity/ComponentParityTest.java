package dev.diffusion4j.parity;

import dev.diffusion4j.device.DeviceChoice;
import org.junit.jupiter.api.Tag;

/** On the CPU, for which the tolerances of the goldens are. */
@Tag("native")
class ComponentParityTest extends ComponentParity {

    @Override
    DeviceChoice device() {
        return DeviceChoice.cpu();
    }

    @Override
    double leniency() {
        return 1;
    }
}
