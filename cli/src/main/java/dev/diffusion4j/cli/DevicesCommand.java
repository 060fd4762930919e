package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.diffusion4j.runtime.Device;
import dev.diffusion4j.runtime.NativeRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

    @Override
    public Integer call() {
        List<Device> devices = new ArrayList<>(NativeRuntime.devices());
        servers.forEach(server -> devices.addAll(NativeRuntime.remoteDevices(server)));
        if (json) {
            diffuse.console().printJson(toJson(devices));
        } else {
            lines(devices).forEach(diffuse.console().out()::println);
        }
        return ExitCode.OK;
    }

    static ArrayNode toJson(List<Device> devices) {
        ArrayNode array = new ObjectMapper().createArrayNode();
        devices.forEach(device -> array.addObject()
                .put("name", device.name())
                .put("kind", kind(device))
                .put("description", device.description())
                .put("memoryTotal", device.memoryTotal())
                .put("memoryFree", device.memoryFree()));
        return array;
    }

    /** A line for each device, names in a column. */
    static List<String> lines(List<Device> devices) {
        int width = devices.stream()
                .mapToInt(device -> device.name().length())
                .max()
                .orElse(1);
        return devices.stream()
                .map(device -> ("%-" + width + "s  %s: %s%s")
                        .formatted(device.name(), kind(device), device.description(), memory(device)))
                .toList();
    }

    private static String memory(Device device) {
        return device.memoryTotal() > 0
                ? ", " + Quantity.bytes(device.memoryFree()) + " of " + Quantity.bytes(device.memoryTotal()) + " free"
                : "";
    }

    private static String kind(Device device) {
        return switch (device.kind()) {
            case CPU, GPU -> device.kind().name();
            default -> device.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
        };
    }
}
