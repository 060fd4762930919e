package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.NativeRuntime;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse version}: what is installed. */
@Command(
        name = "version",
        header = {"Show the versions of this program, its native library and Java.", ""},
        description = "Loads the native library; 'diffuse --version' does not.")
final class VersionCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Option(names = "--json", description = "Write one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("version", NativeRuntime.version());
            node.put("runtime", NativeRuntime.sourceVersion());
            NativeRuntime.backends().forEach(node.putArray("backends")::add);
            node.put("library", NativeRuntime.libraryPath().toString());
            NativeRuntime.processorFeatures().forEach(node.putArray("processor")::add);
            node.put("java", Runtime.version().toString());
            node.put("javaHome", System.getProperty("java.home"));
            diffuse.console().printJson(node);
            return ExitCode.OK;
        }
        // What needs no native library comes first: it helps to find out why there is none.
        line("diffuse", NativeRuntime.version());
        line("java", Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
        line("runtime", NativeRuntime.sourceVersion());
        line("backends", String.join(", ", NativeRuntime.backends()));
        line("library", NativeRuntime.libraryPath().toString());
        line("processor", String.join(" ", NativeRuntime.processorFeatures()));
        return ExitCode.OK;
    }

    private void line(String name, String value) {
        diffuse.console().out().printf("%-9s %s%n", name, value);
    }
}
