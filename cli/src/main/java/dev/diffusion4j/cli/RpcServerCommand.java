package dev.diffusion4j.cli;

import dev.diffusion4j.RpcServer;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.RpcServerOptions;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse rpc-server}: offers a device to other machines. */
@Command(
        name = "rpc-server",
        header = {"Offer a device of this machine to models on others, until Ctrl-C.", ""},
        footer = {
            "",
            "There is no authentication and no encryption: whoever reaches the port can use it. Keep to 127.0.0.1 and",
            "tunnel (ssh -L 50052:127.0.0.1:50052 machine), or, with --insecure, to a network in which everybody is",
            "trusted. It serves in a process of its own, which is started again when a client makes it crash.",
            "",
            "  diffuse rpc-server                                            on one machine",
            "  diffuse generate \"a red circle\" --device rpc:127.0.0.1:50052  on the other"
        })
final class RpcServerCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Option(names = "--host", paramLabel = "ADDRESS", description = "The address to listen on (127.0.0.1).")
    private String host = RpcServerOptions.DEFAULT.host();

    @Option(names = "--port", paramLabel = "N", description = "The port to listen on (50052); 0 for any that is free.")
    private int port = RpcServerOptions.DEFAULT.port();

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "The device to offer: auto (the default), cpu, gpu, or a name from 'diffuse devices'.")
    private DeviceChoice device = RpcServerOptions.DEFAULT.device();

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads on the CPU; as many as there are cores without it.")
    private int threads;

    @Option(
            names = "--insecure",
            description = "Let --host be an address that other machines reach. All of them can use the device then.")
    private boolean insecure;

    @Option(names = "--in-process", description = "Serve in this process, which ends when a client makes it crash.")
    private boolean inProcess;

    /** Set for the process that a server starts: it ends with that one, however that ends. */
    @Option(names = "--child-of", hidden = true)
    private Long parent;

    /** The port that an earlier process served on. */
    @Option(names = "--again-on", hidden = true)
    private Integer earlierPort;

    @Override
    public Integer call() throws InterruptedException {
        RpcServerOptions options =
                new RpcServerOptions(host, earlierPort == null ? port : earlierPort, device, threads, insecure);
        if (inProcess || parent != null) {
            return serve(options);
        }
        Optional<RpcServerProcess> process = RpcServerProcess.find(diffuse.console());
        if (process.isEmpty()) {
            diffuse.console()
                    .err()
                    .println("diffuse: another process cannot be started here; serving in this one (--in-process)");
            return serve(options);
        }
        return process.get().run();
    }

    private int serve(RpcServerOptions options) throws InterruptedException {
        if (parent != null) {
            // Halts: native code may be computing for a client.
            ProcessHandle.of(parent)
                    .map(ProcessHandle::onExit)
                    .orElse(CompletableFuture.completedFuture(null))
                    .thenRun(() -> Runtime.getRuntime().halt(0));
        }
        Console console = diffuse.console();
        try (RuntimeLog log = diffuse.globals().openLog(console.err()::println);
                RpcServer server = RpcServer.start(options)) {
            console.out().println("serving " + server.device() + " on " + server.address());
            console.out().flush();
            server.await();
            log.succeeded();
        }
        return ExitCode.OK;
    }
}
