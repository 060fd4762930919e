package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import dev.diffusion4j.modelfile.ComponentKind;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds the devices that a model was asked to run on. Needs the native library to be loaded. */
final class DeviceSelection {

    private final Map<ComponentKind, String> names = new EnumMap<>(ComponentKind.class);

    private DeviceSelection() {}

    /** Looks for the devices of all components. Says once what the CPU takes the place of. */
    static DeviceSelection of(DeviceChoice whole, Map<ComponentKind, DeviceChoice> components) {
        DeviceSelection selection = new DeviceSelection();
        Set<String> fallbacks = new LinkedHashSet<>();
        for (ComponentKind kind : ComponentKind.values()) {
            selection.names.put(kind, find(components.getOrDefault(kind, whole), fallbacks));
        }
        report(fallbacks);
        return selection;
    }

    /** The name of one device. */
    static String find(DeviceChoice choice) {
        Set<String> fallbacks = new LinkedHashSet<>();
        String name = find(choice, fallbacks);
        report(fallbacks);
        return name;
    }

    private static void report(Set<String> fallbacks) {
        if (!fallbacks.isEmpty()) {
            NativeLibrary.logger()
                    .log(Level.WARNING, String.join("; ", fallbacks) + "; computing on the CPU in its place");
        }
    }

    /** The names of the components' devices. */
    Map<ComponentKind, String> names() {
        return Map.copyOf(names);
    }

    /** The runtime's words for it. Components that have no choice of their own run where the denoiser does. */
    String specification() {
        return "*=" + names.get(ComponentKind.DENOISER) + ",te=" + names.get(ComponentKind.TEXT_ENCODER) + ",vae="
                + names.get(ComponentKind.AUTOENCODER);
    }

    private static String find(DeviceChoice choice, Set<String> fallbacks) {
        List<Device> here = NativeDevices.list();
        try {
            return switch (choice.kind()) {
                case CPU -> cpu(here);
                case AUTO -> {
                    List<Device> gpus = gpus(here);
                    if (gpus.isEmpty() && NativeVersions.backends().size() > 1) {
                        fallbacks.add("there is no GPU here that the native library can use");
                    }
                    yield gpus.isEmpty() ? cpu(here) : gpus.getFirst().name();
                }
                case GPU -> {
                    List<Device> gpus = gpus(here);
                    if (choice.index() >= gpus.size()) {
                        throw new DeviceUnavailableException(
                                (gpus.isEmpty() ? "there is no GPU" : "there is no GPU " + choice.index())
                                        + available(here));
                    }
                    yield gpus.get(choice.index()).name();
                }
                case NAMED ->
                    here.stream()
                            .map(Device::name)
                            .filter(choice.name()::equalsIgnoreCase)
                            .findFirst()
                            .orElseThrow(() -> new DeviceUnavailableException(
                                    "there is no device " + choice.name() + available(here)));
                case RPC -> {
                    List<Device> there = NativeDevices.remote(choice.name());
                    if (choice.index() >= there.size()) {
                        throw new DeviceUnavailableException(
                                "the server at " + choice.name() + " has no device " + choice.index());
                    }
                    yield there.get(choice.index()).name();
                }
            };
        } catch (DeviceUnavailableException e) {
            if (!choice.elseCpu()) {
                throw e;
            }
            fallbacks.add(e.getMessage());
            return cpu(here);
        }
    }

    private static String cpu(List<Device> here) {
        return here.stream()
                .filter(device -> device.kind() == Device.Kind.CPU)
                .map(Device::name)
                .findFirst()
                .orElseThrow(() -> new DeviceUnavailableException("there is no CPU" + available(here)));
    }

    private static List<Device> gpus(List<Device> here) {
        List<Device> gpus = new ArrayList<>();
        for (Device.Kind kind : List.of(Device.Kind.GPU, Device.Kind.INTEGRATED_GPU)) {
            here.stream().filter(device -> device.kind() == kind).forEach(gpus::add);
        }
        return gpus;
    }

    private static String available(List<Device> here) {
        String names = here.stream()
                .map(device -> device.name() + " (" + device.description() + ")")
                .collect(Collectors.joining(", "));
        return "; there is " + names + ", and the native library was built for "
                + String.join(" and ", NativeVersions.backends());
    }
}
