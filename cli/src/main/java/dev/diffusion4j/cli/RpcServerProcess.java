package dev.diffusion4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server in a process of its own: this program once more, started again when a signal ended it. */
final class RpcServerProcess {

    /** What the JDK adds to the signal that ended a process, for its exit code. */
    private static final int SIGNAL = 128;

    /** With which somebody ends a program: SIGHUP, SIGINT, SIGTERM. */
    private static final Set<Integer> WANTED_SIGNALS = Set.of(1, 2, 15);

    private static final Pattern ADDRESS = Pattern.compile("serving .* on .*:(\\d+)");

    private final List<String> command;
    private final Console console;

    private RpcServerProcess(List<String> command, Console console) {
        this.command = command;
        this.console = console;
    }

    /** Empty where the system does not tell how this process was started. */
    static Optional<RpcServerProcess> find(Console console) {
        Optional<String> program = ProcessHandle.current().info().command();
        Optional<List<String>> arguments = arguments();
        if (program.isEmpty() || arguments.isEmpty()) {
            return Optional.empty();
        }
        List<String> command = new ArrayList<>();
        command.add(program.get());
        command.addAll(arguments.get());
        command.addAll(
                List.of("--child-of", String.valueOf(ProcessHandle.current().pid())));
        return Optional.of(new RpcServerProcess(command, console));
    }

    private static Optional<List<String>> arguments() {
        try {
            // The JDK reads no more than a page of it, and class paths are longer.
            String line = Files.readString(Path.of("/proc/self/cmdline"));
            List<String> words = List.of(line.split("\0"));
            return Optional.of(words.subList(1, words.size()));
        } catch (IOException e) {
            return ProcessHandle.current().info().arguments().map(List::of);
        }
    }

    /** Serves until the process ends by itself; the result is its exit code. */
    int run() throws InterruptedException {
        AtomicReference<Process> running = new AtomicReference<>();
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> Optional.ofNullable(running.get()).ifPresent(Process::destroy)));
        int port = 0;
        while (true) {
            Process process = start(port);
            running.set(process);
            port = passOn(process);
            int code = process.waitFor();
            int signal = code - SIGNAL;
            // One that did not come as far as to serve would not do so the next time either.
            if (signal <= 0 || WANTED_SIGNALS.contains(signal) || port == 0) {
                return code;
            }
            console.err().println("diffuse: signal " + signal + " ended the server; starting it again");
        }
    }

    private Process start(int port) {
        List<String> complete = new ArrayList<>(command);
        if (port != 0) {
            complete.addAll(List.of("--again-on", String.valueOf(port)));
        }
        try {
            return new ProcessBuilder(complete)
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Prints what the server prints; the port that it serves on, 0 if it did not say. */
    private int passOn(Process process) {
        int port = 0;
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                Matcher address = ADDRESS.matcher(line);
                if (address.matches()) {
                    port = Integer.parseInt(address.group(1));
                }
                console.out().println(line);
                console.out().flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return port;
    }
}
