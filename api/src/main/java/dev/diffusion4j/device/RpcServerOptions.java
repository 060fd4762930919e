package dev.diffusion4j.device;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Objects;

/**
 * What an {@code RpcServer} offers, and to whom.
 *
 * @param host the address to listen on
 * @param port the port, 0 for any that is free
 * @param device the device to offer
 * @param threads threads if that is the CPU, 0 for as many as there are cores
 * @param insecure whether the address may be one that other machines reach: there is no authentication, so all of them are let
 *     in; without it only addresses of this machine alone, such as {@code 127.0.0.1}, are listened on
 */
public record RpcServerOptions(String host, int port, DeviceChoice device, int threads, boolean insecure) {

    /** This machine alone, port 50052, a GPU if there is one. */
    public static final RpcServerOptions DEFAULT =
            new RpcServerOptions("127.0.0.1", 50052, DeviceChoice.auto(), 0, false);

    public RpcServerOptions {
        Objects.requireNonNull(host, "host");
        requireRange("port", port, 65535);
        requireRange("threads", threads, 512);
        if (device.kind() == DeviceChoice.Kind.RPC) {
            throw new InvalidRequestException("device", device, "a device of this machine");
        }
    }

    /** The same on another address. */
    public RpcServerOptions withHost(String address) {
        return new RpcServerOptions(address, port, device, threads, insecure);
    }

    /** The same on another port. */
    public RpcServerOptions withPort(int number) {
        return new RpcServerOptions(host, number, device, threads, insecure);
    }

    /** The same with another device. */
    public RpcServerOptions withDevice(DeviceChoice choice) {
        return new RpcServerOptions(host, port, choice, threads, insecure);
    }

    /** The same with another number of threads. */
    public RpcServerOptions withThreads(int count) {
        return new RpcServerOptions(host, port, device, count, insecure);
    }

    /** The same, allowed to let other machines in, or not. */
    public RpcServerOptions withInsecure(boolean allowed) {
        return new RpcServerOptions(host, port, device, threads, allowed);
    }

    private static void requireRange(String field, int value, int most) {
        if (value < 0 || value > most) {
            throw new InvalidRequestException(field, value, "from 0 to " + most);
        }
    }
}
