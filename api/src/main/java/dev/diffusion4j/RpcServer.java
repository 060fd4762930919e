package dev.diffusion4j;

import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.RpcServerOptions;
import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.internal.ffm.NativeRpcServer;

/**
 * Offers a device of this machine to models on others, which choose it by {@link DeviceChoice#rpc(String)}. Serves one
 * client after another, on a thread of its own.
 *
 * <p><b>Who can reach the port can use it:</b> there is no authentication and no encryption, and the protocol's
 * implementation was not written for enemies. Listen on {@code 127.0.0.1}, as by default, and tunnel, or on a network in
 * which everybody is trusted.
 *
 * <p>An assertion on a thread of the runtime, and anything else that no guard catches, ends this process: run it by
 * itself, as {@code diffuse rpc-server} does.
 */
public final class RpcServer implements AutoCloseable {

    private final NativeRpcServer server;
    private final RpcServerOptions options;

    private RpcServer(NativeRpcServer server, RpcServerOptions options) {
        this.server = server;
        this.options = options;
    }

    /**
     * Starts a server.
     *
     * @throws dev.diffusion4j.error.InvalidRequestException if other machines can reach the address and the options do not allow that
     * @throws DeviceUnavailableException if the device is not there, or the address cannot be listened on
     */
    public static RpcServer start(RpcServerOptions options) {
        return new RpcServer(NativeRpcServer.start(options), options);
    }

    /** The address it listens on, {@code host:port}. */
    public String address() {
        return options.host() + ":" + server.port();
    }

    /** The name of the device that it offers. */
    public String device() {
        return server.device();
    }

    /** Waits until the server ends: by {@link #close()}, or because it failed, which is thrown. */
    public void await() throws InterruptedException {
        server.await();
    }

    /** Ends the server and the connection to its client. */
    @Override
    public void close() {
        server.close();
    }
}
