package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.WeightType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * GGUF files that we wrote, read by the Python package {@code gguf} of llama.cpp, where there is one. The interpreter is
 * {@code python3}, or what {@code -Ddiffusion4j.test.python=} names.
 */
@Tag("native")
class PythonGgufTest {

    private static final String PYTHON = System.getProperty("diffusion4j.test.python", "python3");
    private static final Path SCRIPT = Path.of("src/test/python/read_gguf.py").toAbsolutePath();

    @TempDir
    private Path folder;

    /** How a run of the script ended. */
    private record Outcome(int status, String output) {

        List<String> lines() {
            return output.lines().toList();
        }
    }

    private static Outcome python(Object... arguments) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of(PYTHON, SCRIPT.toString()));
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Outcome(process.waitFor(), output);
        } catch (IOException e) {
            return new Outcome(-1, String.valueOf(e.getMessage()));
        }
    }

    @Test
    void readsTheSameNumbers() throws IOException, InterruptedException {
        Outcome version = python("version");
        assumeTrue(
                version.status() == 0,
                () -> "needs Python with gguf (pip install gguf; -Ddiffusion4j.test.python= names the interpreter): "
                        + PYTHON + ": " + version.output());

        Path quantised = folder.resolve("it.gguf");
        Path floats = folder.resolve("floats.safetensors");
        Path numbers = folder.resolve("numbers");
        ModelConverter.of(DemoModel.path()).weightType(WeightType.Q8_0).convert(quantised);
        ModelConverter.of(quantised).weightType(WeightType.F32).convert(floats);
        Outcome read = python(quantised, numbers);

        assertThat(read.status()).as(read.output()).isZero();
        ModelFile file = ModelFile.read(quantised);
        assertThat(read.lines())
                .contains("architecture sd1", "tensors " + file.tensors().size());
        String tensor = read.lines().getLast();
        assertThat(file.tensor(tensor).orElseThrow().type()).isEqualTo(TensorType.Q8_0);
        try (InputStream in = ModelFile.read(floats).bytes(tensor)) {
            assertThat(Files.readAllBytes(numbers)).isEqualTo(in.readAllBytes());
        }
    }
}
