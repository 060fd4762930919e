package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.device.RpcServerOptions;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.NativeStatus;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** An RPC server in native code, and the thread it runs on. */
public final class NativeRpcServer {

    private final MemorySegment handle;
    private final int port;
    private final String device;
    private final CancellationFlag stop = new CancellationFlag();
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    private NativeRpcServer(MemorySegment handle, int port, String device) {
        this.handle = handle;
        this.port = port;
        this.device = device;
    }

    /** Listens and begins to serve. */
    public static NativeRpcServer start(RpcServerOptions options) {
        if (!options.insecure() && !isLoopback(options.host())) {
            throw new InvalidRequestException(
                    "host",
                    options.host(),
                    "an address of this machine alone, as there is no authentication: 127.0.0.1, or any with insecure");
        }
        NativeLibrary.load();
        String device = DeviceSelection.find(options.device());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment port = arena.allocateFrom(ValueLayout.JAVA_INT, options.port());
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            NativeStatus.check(
                    D4j.d4j_rpc_listen(arena.allocateFrom(options.host()), port, out), "starting the RPC server");
            NativeRpcServer server =
                    new NativeRpcServer(out.get(ValueLayout.ADDRESS, 0), port.get(ValueLayout.JAVA_INT, 0), device);
            Thread.ofPlatform()
                    .name("diffusion4j rpc server " + server.port)
                    .daemon()
                    .start(() -> server.serve(options));
            return server;
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            // Listening will fail and say so.
            return true;
        }
    }

    private void serve(RpcServerOptions options) {
        try (Arena arena = Arena.ofConfined()) {
            int threads = options.threads() > 0 ? options.threads() : NativeVersions.defaultThreads();
            NativeStatus.check(
                    D4j.d4j_rpc_serve(handle, arena.allocateFrom(device), threads, stop.segment()), "serving");
            end.complete(null);
        } catch (Throwable e) {
            end.completeExceptionally(e);
        } finally {
            D4j.d4j_rpc_close(handle);
        }
    }

    /** The port it listens on. */
    public int port() {
        return port;
    }

    /** The name of the device that it offers. */
    public String device() {
        return device;
    }

    /** Waits for the end, and throws what it failed with. */
    public void await() throws InterruptedException {
        try {
            end.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Stops it and waits until it has. */
    public void close() {
        stop.set();
        try {
            end.join();
        } catch (CompletionException e) {
            // It had failed before; await() tells of it.
        }
    }
}
