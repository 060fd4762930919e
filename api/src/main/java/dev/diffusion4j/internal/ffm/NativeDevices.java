package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_device_t;
import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.DeviceMemory;
import dev.diffusion4j.internal.ffm.library.NativeStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Lists the native library's devices. */
public final class NativeDevices {

    private static final Device.Kind[] KINDS = Device.Kind.values();

    private static final int MOST_REMOTE = 256;

    private NativeDevices() {}

    /** The devices of this machine, in the runtime's order. */
    public static List<Device> list() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            NativeStatus.check(D4j.d4j_device_count(count), "counting devices");
            List<Device> devices = new ArrayList<>();
            for (int i = 0; i < count.get(ValueLayout.JAVA_INT, 0); i++) {
                devices.add(read(i, arena));
            }
            return devices;
        }
    }

    /** The devices of an RPC server, by its {@code host:port}. */
    public static List<Device> remote(String address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment indices = arena.allocate(ValueLayout.JAVA_INT, MOST_REMOTE);
            MemorySegment count = arena.allocateFrom(ValueLayout.JAVA_INT, MOST_REMOTE);
            NativeStatus.check(
                    D4j.d4j_rpc_devices(arena.allocateFrom(address), indices, count), "reaching the server " + address);
            List<Device> devices = new ArrayList<>();
            for (int i = 0; i < count.get(ValueLayout.JAVA_INT, 0); i++) {
                devices.add(read(indices.getAtIndex(ValueLayout.JAVA_INT, i), arena));
            }
            return devices;
        }
    }

    /** The memory of a device, by its name. */
    public static DeviceMemory memory(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
            NativeStatus.check(
                    D4j.d4j_device_memory(arena.allocateFrom(name), total, free), "reading the memory of " + name);
            return new DeviceMemory(total.get(ValueLayout.JAVA_LONG, 0), free.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    private static Device read(int index, Arena arena) {
        MemorySegment device = d4j_device_t.allocate(arena);
        NativeStatus.check(D4j.d4j_device(index, device), "reading device " + index);
        boolean isHere = d4j_device_t.endpoint(device).getString(0).isEmpty();
        return new Device(
                d4j_device_t.name(device).getString(0),
                d4j_device_t.description(device).getString(0),
                isHere ? KINDS[d4j_device_t.type(device)] : Device.Kind.REMOTE);
    }
}
