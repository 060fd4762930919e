package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers as the processes that they are in use. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RpcCommandsTest {

    @TempDir
    private Path folder;

    private final List<Process> processes = new ArrayList<>();

    /** A running {@code diffuse rpc-server}. */
    private record Server(Process process, BufferedReader out, String address) {}

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    private Process diffuse(Path errors, Object... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Diffuse.class.getName()));
        Stream.of(args).map(Object::toString).forEach(command::add);
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        processes.add(process);
        return process;
    }

    private Server serve(String... more) throws IOException {
        Path errors = folder.resolve("server-" + processes.size() + ".txt");
        Process process = diffuse(
                errors,
                Stream.concat(Stream.of("rpc-server", "--port", 0, "--device", "cpu"), Stream.of(more))
                        .toArray());
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        assertThat(line).as(Files.readString(errors)).matches("serving CPU on 127\\.0\\.0\\.1:\\d+");
        return new Server(process, out, line.substring(line.lastIndexOf(' ') + 1));
    }

    private byte[] draw(String name, Object... devices) throws IOException {
        Path picture = folder.resolve(name);
        List<Object> command = new ArrayList<>(List.of(
                "generate", "a red circle", "--seed", 42, "--steps", 2, "--size", "64x64", "-q", "-o", picture));
        command.addAll(List.of(devices));
        Run run = Run.diffuse(command.toArray());
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        return Files.readAllBytes(picture);
    }

    @Test
    void aModelOnTwoServersDrawsWhatItDrawsHere() throws IOException {
        byte[] here = draw("here.png", "--device", "cpu");
        Server first = serve();
        Server second = serve();

        // As the CPU here convolves by itself; of a server nobody knows that it computes on one.
        byte[] there = draw(
                "there.png",
                "--device",
                "rpc:" + first.address(),
                "--vae-device",
                "rpc:" + second.address(),
                "--diffusion-conv-direct",
                "--vae-conv-direct");

        assertThat(there).isEqualTo(here);
        Run devices = Run.diffuse("devices", "--json", "--rpc", first.address(), "--rpc", second.address());
        assertThat(new ObjectMapper().readTree(devices.out()).findValuesAsText("kind"))
                .filteredOn("remote"::equals)
                .hasSize(2);
    }

    @Test
    void aServerThatAClientMadeCrashIsStartedAgainOnItsPort() throws IOException {
        Server server = serve();

        server.process().children().findFirst().orElseThrow().destroyForcibly();

        assertThat(server.out().readLine()).isEqualTo("serving CPU on " + server.address());
        assertThat(draw("again.png", "--device", "rpc:" + server.address())).isNotEmpty();
    }

    @Test
    void aServerThatServesInItsOwnProcessHasNoChild() throws IOException {
        Server server = serve("--in-process");
        assertThat(server.process().children()).isEmpty();
    }

    @Test
    void anAddressThatOtherMachinesReachHasToBeAllowed() {
        Run refused = Run.diffuse("rpc-server", "--in-process", "--host", "0.0.0.0", "--port", 0);
        assertThat(refused.code()).isNotZero();
        assertThat(refused.err()).contains("0.0.0.0").contains("insecure");
    }

    @Test
    void aServerThatIsKilledEndsTheDrawingWithItsExitCode() throws Exception {
        Server server = serve();
        Path errors = folder.resolve("client.txt");
        Path picture = folder.resolve("x.png");
        Process client =
                diffuse(errors, "generate", "x", "--steps", 500, "--device", "rpc:" + server.address(), "-o", picture);
        for (int i = 0;
                i < 1200 && client.isAlive() && !Files.readString(errors).contains("sampling");
                i++) {
            Thread.sleep(50);
        }
        assertThat(errors).content().contains("sampling");

        server.process().destroyForcibly();

        assertThat(client.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(client.exitValue()).isEqualTo(ExitCode.DEVICE);
        assertThat(Files.readAllLines(errors))
                .last()
                .asString()
                .startsWith("diffuse: ")
                .contains("the RPC server was lost");
        assertThat(picture).doesNotExist();
    }
}
