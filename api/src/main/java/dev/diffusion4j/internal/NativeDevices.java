package dev.diffusion4j.internal;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_device_t;
import dev.diffusion4j.runtime.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Lists the native library's devices. */
public final class NativeDevices {

    private static final Device.Kind[] KINDS = Device.Kind.values();

    private NativeDevices() {}

    /** All devices, in the runtime's order. */
    public static List<Device> list() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            NativeStatus.check(D4j.d4j_device_count(count), "counting devices");
            MemorySegment device = d4j_device_t.allocate(arena);
            List<Device> devices = new ArrayList<>();
            for (int i = 0; i < count.get(ValueLayout.JAVA_INT, 0); i++) {
                NativeStatus.check(D4j.d4j_device(i, device), "reading device " + i);
                devices.add(new Device(
                        d4j_device_t.name(device).getString(0),
                        d4j_device_t.description(device).getString(0),
                        KINDS[d4j_device_t.type(device)],
                        d4j_device_t.memory_total(device),
                        d4j_device_t.memory_free(device)));
            }
            return devices;
        }
    }
}
