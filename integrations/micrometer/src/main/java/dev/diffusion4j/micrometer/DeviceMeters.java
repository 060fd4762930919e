package dev.diffusion4j.micrometer;

import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.DeviceMemory;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Gauges of the devices of this machine: {@code diffusion4j.device.memory.total} and {@code diffusion4j.device.memory.free}, in
 * bytes. Their tag {@code diffusion4j.device} is the device's name.
 *
 * <p>Each reading asks the device. Asking a GPU makes a context on it that stays, of some hundred megabytes: bind them in processes
 * that draw there anyway.
 */
public final class DeviceMeters implements MeterBinder {

    private final List<Device> devices;

    /**
     * Meters of all devices.
     *
     * @throws dev.diffusion4j.error.NativeLibraryException if the native library cannot be used here
     */
    public DeviceMeters() {
        devices = NativeRuntime.devices();
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        for (Device device : devices) {
            register(registry, device, "total", DeviceMemory::total);
            register(registry, device, "free", DeviceMemory::free);
        }
    }

    private static void register(
            MeterRegistry registry, Device device, String kind, ToLongFunction<DeviceMemory> value) {
        Gauge.builder("diffusion4j.device.memory." + kind, () -> value.applyAsLong(NativeRuntime.memory(device)))
                .description("Memory of the device")
                .baseUnit(BaseUnits.BYTES)
                .tag(GenerationDocumentation.LowCardinality.DEVICE.asString(), device.name())
                .register(registry);
    }
}
