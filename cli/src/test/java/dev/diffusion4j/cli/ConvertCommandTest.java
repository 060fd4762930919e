package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {

    @TempDir
    private Path folder;

    @Test
    void convertsAVaeAndTells() throws IOException {
        Path vae = DemoVae.write(folder.resolve("vae.safetensors"));
        Path output = folder.resolve("vae.gguf");
        Run run = Run.diffuse("convert", vae, output, "--type", "bf16", "--json");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("converting 100 %").contains("warning: ");

        JsonNode told = new ObjectMapper().readTree(run.out());
        ModelFile file = ModelFile.read(output);
        assertThat(told.path("bytes").asLong()).isEqualTo(Files.size(output));
        assertThat(told.path("tensors").asInt()).isEqualTo(file.tensors().size());
        assertThat(told.path("converted").asInt()).isPositive();
        assertThat(file.types()).containsKey(TensorType.BF16);
        assertThat(file.metadata()).containsEntry("general.architecture", "vae");
    }

    @Test
    void putsAVaeIntoTheModel() throws IOException {
        Path vae = DemoVae.write(folder.resolve("vae.safetensors"));
        Path output = folder.resolve("merged.safetensors");
        Run run = Run.diffuse("convert", DemoModel.path(), output, "--vae", vae, "-q");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).startsWith(output + " (").contains(" 0 of ");

        ModelFile file = ModelFile.read(output);
        assertThat(file.heldComponents()).contains(ModelComponent.VAE);
        assertThat(file.tensors())
                .hasSameSizeAs(ModelFile.read(DemoModel.path()).tensors());
        assertThat(file.tensors().stream().filter(tensor -> tensor.name().startsWith("vae.")))
                .hasSameSizeAs(ModelFile.read(vae).tensors());
        Path picture = folder.resolve("it.png");
        Run drawn = Run.diffuse("generate", "a red circle", "-m", output, "--steps", "1", "-o", picture, "-q");
        assertThat(drawn.code()).as(drawn.err()).isZero();
        assertThat(picture).isNotEmptyFile();
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        Path vae = DemoVae.write(folder.resolve("vae.safetensors"));
        Path there = Files.writeString(folder.resolve("there.gguf"), "mine");
        assertFailure(Run.diffuse("convert", vae, there), ExitCode.USAGE, "OUT must be a file that is not there yet");
        assertFailure(Run.diffuse("convert", vae, folder.resolve("it.bin")), ExitCode.USAGE, ".gguf or .safetensors");
        assertFailure(
                Run.diffuse("convert", vae, folder.resolve("it.safetensors"), "--type", "q8_0"),
                ExitCode.USAGE,
                "--type must be f32, f16 or bf16");
        assertFailure(
                Run.diffuse("convert", vae, folder.resolve("it.safetensors"), "--type-rules", "a=q4_0"),
                ExitCode.USAGE,
                "--type-rules must be f32, f16 or bf16");
        assertFailure(
                Run.diffuse("convert", there, folder.resolve("it.gguf")), ExitCode.MODEL_FILE, "is not a model file");
        assertFailure(
                Run.diffuse("convert", vae, folder.resolve("none/it.gguf")), ExitCode.MODEL_FILE, "does not exist");
        assertFailure(
                Run.diffuse("convert", vae, folder.resolve("it.gguf"), "--vae", vae),
                ExitCode.MODEL_FILE,
                "holds no whole model");
        assertThat(there).hasContent("mine");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(vae, there);
        }
    }

    @Test
    void stopsOnCtrlC() throws IOException {
        Path vae = DemoVae.write(folder.resolve("vae.safetensors"));
        Cancellation cancellation = new Cancellation();
        cancellation.request();
        Run run = Run.diffuse("", cancellation, "convert", vae, folder.resolve("it.gguf"), "--type", "q4_k");
        assertThat(run.code()).isEqualTo(ExitCode.CANCELLED);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(vae);
        }
    }

    private static void assertFailure(Run run, int code, String message) {
        assertThat(run.code()).as(run.err()).isEqualTo(code);
        assertThat(run.err()).startsWith("diffuse: ").contains(message);
        assertThat(run.out()).isEmpty();
    }
}
