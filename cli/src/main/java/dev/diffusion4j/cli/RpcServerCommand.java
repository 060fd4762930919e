package dev.diffusion4j.cli;

import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.runtime.DeviceChoice;
import dev.diffusion4j.runtime.RpcServer;
import dev.diffusion4j.runtime.RpcServerOptions;
import java.util.concurrent.Callable;
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
            "tunnel (ssh -L 50052:127.0.0.1:50052 machine), or to a network in which everybody is trusted.",
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

    @Override
    public Integer call() throws InterruptedException {
        Console console = diffuse.console();
        RpcServerOptions options = new RpcServerOptions(host, port, device, threads);
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
