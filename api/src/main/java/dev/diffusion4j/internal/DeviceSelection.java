package dev.diffusion4j.internal;

import dev.diffusion4j.DeviceUnavailableException;
import dev.diffusion4j.StableDiffusionOptions.ModelPart;
import dev.diffusion4j.runtime.Device;
import dev.diffusion4j.runtime.DeviceChoice;
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

    private final Map<ModelPart, String> names = new EnumMap<>(ModelPart.class);

    private DeviceSelection() {}

    /** Looks for the devices of all parts. Says once what the CPU takes the place of. */
    static DeviceSelection of(DeviceChoice whole, Map<ModelPart, DeviceChoice> parts) {
        DeviceSelection selection = new DeviceSelection();
        Set<String> fallbacks = new LinkedHashSet<>();
        for (ModelPart part : ModelPart.values()) {
            selection.names.put(part, find(parts.getOrDefault(part, whole), fallbacks));
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

    /** The names of the parts' devices, in the order of the parts. */
    List<String> names() {
        return List.copyOf(names.values());
    }

    /** The runtime's words for it. Parts that have no choice of their own run where the diffusion model does. */
    String specification() {
        return "*=" + names.get(ModelPart.DIFFUSION_MODEL) + ",te=" + names.get(ModelPart.TEXT_ENCODER) + ",vae="
                + names.get(ModelPart.VAE);
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
