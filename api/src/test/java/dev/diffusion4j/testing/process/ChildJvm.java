package dev.diffusion4j.testing.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A program of the tests in a JVM of its own, on the class path of this one. */
public final class ChildJvm {

    private static final long LIMIT_MINUTES = 3;

    private final Process process;
    private final CompletableFuture<String> output;

    private ChildJvm(Process process) {
        this.process = process;
        output = CompletableFuture.supplyAsync(() -> {
            try {
                return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** How a program ended. */
    public record Result(int status, String output) {}

    /** The start of a command: this JVM's java, with the settings of the library that this one has. */
    public static List<String> java() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("diffusion4j."))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        return command;
    }

    /** Starts a main class. */
    public static ChildJvm start(Class<?> main, List<String> options, String... arguments) throws IOException {
        List<String> command = java();
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return start(command);
    }

    /** Starts a command. */
    public static ChildJvm start(List<String> command) throws IOException {
        return start(new ProcessBuilder(command));
    }

    /** Starts a command with an environment or a working directory of its own. */
    public static ChildJvm start(ProcessBuilder builder) throws IOException {
        return new ChildJvm(builder.redirectErrorStream(true).start());
    }

    /** Waits for the end, or ends it after some minutes. */
    public Result end() throws InterruptedException {
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly().waitFor();
            return new Result(-1, "did not end in " + LIMIT_MINUTES + " minutes; " + output.join());
        }
        return new Result(process.exitValue(), output.join());
    }
}
