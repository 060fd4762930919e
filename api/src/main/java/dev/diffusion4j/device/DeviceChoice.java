package dev.diffusion4j.device;

import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.InvalidRequestException;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which device a model, or a part of one, shall run on. It is looked for when the model is opened, by the process that the
 * model runs in. What is not there is refused with {@link DeviceUnavailableException}, which names what is, unless
 * {@link #orElseCpu()} allows the CPU in its place.
 *
 * <p>As text, for {@link #parse(String)}: {@code auto}, {@code cpu}, {@code gpu}, {@code gpu:1}, a device's name such as
 * {@code cuda0}, or {@code rpc:host:port}; each but the first two may end with {@code ,cpu}.
 *
 * @param kind how it is looked for
 * @param name a device's name or a server's {@code host:port}; empty for the other kinds
 * @param index which of several, from 0
 * @param elseCpu whether the CPU does, too
 */
public record DeviceChoice(Kind kind, String name, int index, boolean elseCpu) {

    private static final String ALLOWED =
            "auto, cpu, gpu, gpu:N, a device's name or rpc:HOST:PORT, with ,cpu behind it" + " where the CPU does, too";
    private static final Pattern NAME = Pattern.compile("[\\w.-]+");
    private static final Pattern ADDRESS = Pattern.compile("[\\w.-]+:\\d{1,5}");
    private static final Pattern TEXT = Pattern.compile(
            "(auto|cpu)|(?:gpu(?::(\\d{1,3}))?|rpc:([^,]+)|([\\w.-]+))(,cpu)?", Pattern.CASE_INSENSITIVE);

    /** How a device is looked for. */
    public enum Kind {
        AUTO,
        CPU,
        GPU,
        NAMED,
        RPC
    }

    public DeviceChoice {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(name, "name");
        if (kind == Kind.NAMED && !NAME.matcher(name).matches()) {
            throw new InvalidRequestException("device", "'" + name + "'", "a device's name, such as cuda0");
        }
        if (kind == Kind.RPC && (!ADDRESS.matcher(name).matches() || name.length() > 255)) {
            throw new InvalidRequestException("device", "'" + name + "'", "a server's host:port");
        }
        if (index < 0) {
            throw new InvalidRequestException("device", index, "a number from 0");
        }
    }

    /** The first GPU of this machine; without one the CPU. What models run on if nothing is said. */
    public static DeviceChoice auto() {
        return new DeviceChoice(Kind.AUTO, "", 0, true);
    }

    /** The CPU. */
    public static DeviceChoice cpu() {
        return new DeviceChoice(Kind.CPU, "", 0, false);
    }

    /** The first GPU of this machine. */
    public static DeviceChoice gpu() {
        return gpu(0);
    }

    /** A GPU of this machine by its number, from 0; those that share the system's memory come last. */
    public static DeviceChoice gpu(int index) {
        return new DeviceChoice(Kind.GPU, "", index, false);
    }

    /** A device by its name from {@code NativeRuntime.devices}, in any case. */
    public static DeviceChoice named(String name) {
        return new DeviceChoice(Kind.NAMED, name, 0, false);
    }

    /**
     * The device of another machine on which an {@code RpcServer} runs. Everything that crosses the network, weights and
     * pictures, is neither encrypted nor signed.
     *
     * @param address {@code host:port}, IPv4
     */
    public static DeviceChoice rpc(String address) {
        return new DeviceChoice(Kind.RPC, address, 0, false);
    }

    /** The same, but the CPU if that device is not there when the model is opened; a line of the log then says so. */
    public DeviceChoice orElseCpu() {
        return new DeviceChoice(kind, name, index, true);
    }

    /** Reads what {@link #toString()} writes. */
    public static DeviceChoice parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new InvalidRequestException("device", "'" + text + "'", ALLOWED);
        }
        DeviceChoice choice;
        if (matcher.group(1) != null) {
            return matcher.group(1).equalsIgnoreCase("auto") ? auto() : cpu();
        } else if (matcher.group(3) != null) {
            choice = rpc(matcher.group(3));
        } else if (matcher.group(4) != null) {
            choice = matcher.group(4).equalsIgnoreCase("gpu") ? gpu() : named(matcher.group(4));
        } else {
            choice = gpu(matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2)));
        }
        return matcher.group(5) == null ? choice : choice.orElseCpu();
    }

    /** In the words of {@link #parse(String)}. */
    @Override
    public String toString() {
        String text = switch (kind) {
            case AUTO, CPU -> kind.name().toLowerCase(Locale.ROOT);
            case GPU -> index == 0 ? "gpu" : "gpu:" + index;
            case NAMED -> name;
            case RPC -> "rpc:" + name;
        };
        return elseCpu && kind != Kind.AUTO && kind != Kind.CPU ? text + ",cpu" : text;
    }
}
