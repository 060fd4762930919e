package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.DeviceMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse devices}: what models can run on here. */
@Command(
        name = "devices",
        header = {"List the devices that models can run on here.", ""})
final class DevicesCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Option(names = "--json", description = "Write a JSON array.")
    private boolean json;

    @Option(
            names = "--rpc",
            paramLabel = "HOST:PORT",
            description = "List the devices of this RPC server, too; may be given more than once.")
    private List<String> servers = List.of();

    @Option(
            names = "--memory",
            description = "Say how much memory each has and how much is free. A GPU is taken into use to find out.")
    private boolean memory;

    @Override
    public Integer call() {
        List<Device> devices = new ArrayList<>(NativeRuntime.devices());
        servers.forEach(server -> devices.addAll(NativeRuntime.remoteDevices(server)));
        Map<Device, DeviceMemory> memories = new HashMap<>();
        if (memory) {
            devices.forEach(device -> memories.put(device, NativeRuntime.memory(device)));
        }
        if (json) {
            diffuse.console().printJson(toJson(devices, memories));
        } else {
            lines(devices, memories).forEach(diffuse.console().out()::println);
        }
        return ExitCode.OK;
    }

    /** The memories are those of the devices that were asked for theirs. */
    static ArrayNode toJson(List<Device> devices, Map<Device, DeviceMemory> memories) {
        ArrayNode array = new ObjectMapper().createArrayNode();
        for (Device device : devices) {
            ObjectNode node = array.addObject()
                    .put("name", device.name())
                    .put("kind", kind(device))
                    .put("description", device.description());
            DeviceMemory known = memories.get(device);
            if (known != null) {
                node.put("memoryTotal", known.total()).put("memoryFree", known.free());
            }
        }
        return array;
    }

    /** A line for each device, names in a column. */
    static List<String> lines(List<Device> devices, Map<Device, DeviceMemory> memories) {
        int width = devices.stream()
                .mapToInt(device -> device.name().length())
                .max()
                .orElse(1);
        return devices.stream()
                .map(device -> ("%-" + width + "s  %s: %s%s")
                        .formatted(device.name(), kind(device), device.description(), memory(memories.get(device))))
                .toList();
    }

    private static String memory(DeviceMemory memory) {
        return memory == null
                ? ""
                : ", " + Quantity.bytes(memory.free()) + " of " + Quantity.bytes(memory.total()) + " free";
    }

    private static String kind(Device device) {
        return switch (device.kind()) {
            case CPU, GPU -> device.kind().name();
            default -> device.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
        };
    }
}
