package dev.diffusion4j.internal.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.process.ChildJvm;
import dev.diffusion4j.testing.process.LoopMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a step of the loop in Java allocates off the heap, by the JVM's own account. */
@Tag("native")
class LoopMemoryTest {

    @TempDir
    private Path folder;

    @Test
    void aStepAllocatesNothingOffTheHeap() throws IOException, InterruptedException {
        List<String> reports = run();

        assertThat(reports.getLast()).as("%s", reports).contains("(at peak)").isEqualTo(reports.getFirst());
    }

    @Test
    void anAllocationThatIsFreedAtOnceWouldShow() throws IOException, InterruptedException {
        List<String> reports = run("careless");

        assertThat(reports.getFirst()).contains("(at peak)");
        assertThat(reports.getLast()).as("%s", reports).doesNotContain("(at peak)");
    }

    private List<String> run(String... arguments) throws IOException, InterruptedException {
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-XX:NativeMemoryTracking=summary",
                "-cp",
                System.getProperty("java.class.path"),
                LoopMemory.class.getName()));
        command.addAll(List.of(arguments));
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(3, TimeUnit.MINUTES);
        process.destroyForcibly();
        List<String> lines = Files.readAllLines(output);
        assertThat(ended && process.exitValue() == 0).as("%s", lines).isTrue();
        return lines.stream().filter(line -> line.startsWith("Other")).toList();
    }
}
