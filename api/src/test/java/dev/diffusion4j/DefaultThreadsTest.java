package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.NativeDiagnosis;
import dev.diffusion4j.testing.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A model computes with no more threads than the JVM sees processors, which a container's quota may bring down to one. */
@Tag("native")
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class DefaultThreadsTest {

    /** Draws, and says how many threads that took: OpenMP's bear the name of the thread that they help. */
    static final class Drawing {

        private Drawing() {}

        static void main(String[] arguments) throws IOException {
            ModelOpener options = DiffusionModel.options();
            if (arguments.length > 0) {
                options.threads(Integer.parseInt(arguments[0]));
            }
            try (DiffusionModel sd = options.open(DemoModel.path())) {
                sd.textToImage("a red circle")
                        .size(64, 64)
                        .steps(1)
                        .seed(1)
                        .onProgress(progress -> {})
                        .generate();
                System.out.println("computing threads: " + threadsNamed("diffusion4j " + sd.name()));
            }
            System.out.println("diagnosed threads: "
                    + NativeRuntime.diagnose()
                            .library()
                            .map(NativeDiagnosis.Library::threads)
                            .orElseThrow());
        }

        private static long threadsNamed(String name) throws IOException {
            String visible = name.substring(0, Math.min(15, name.length()));
            try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
                return tasks.filter(task -> comm(task).equals(visible)).count();
            }
        }

        private static String comm(Path task) {
            try {
                return Files.readString(task.resolve("comm")).stripTrailing();
            } catch (IOException e) {
                // A thread that has just ended.
                return "";
            }
        }
    }

    private static ChildJvm.Result draw(List<String> options, String... arguments) throws Exception {
        ChildJvm.Result result =
                ChildJvm.start(Drawing.class, options, arguments).end();
        assertThat(result.status()).as(result.output()).isZero();
        return result;
    }

    @Test
    void aJvmThatSeesOneProcessorComputesWithOneThread() throws Exception {
        assertThat(draw(List.of("-XX:ActiveProcessorCount=1")).output())
                .contains("computing threads: 1")
                .contains("diagnosed threads: 1");
    }

    @Test
    void aNumberOfThreadsThatWasGivenIsKept() throws Exception {
        assertThat(draw(List.of("-XX:ActiveProcessorCount=1"), "3").output()).contains("computing threads: 3");
    }
}
