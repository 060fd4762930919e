package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.ModelFormat;
import dev.diffusion4j.modelfile.TensorInfo;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.WeightType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo model in other types and formats: its picture, what our reader and others see, and its way back. */
@Tag("native")
@Timeout(300)
class ModelConverterTest {

    private static BufferedImage expected;

    @TempDir
    private Path folder;

    @BeforeAll
    static void draw() {
        expected = draw(DemoModel.path());
    }

    private static BufferedImage draw(Path model) {
        try (DiffusionModel sd = DiffusionModel.open(model)) {
            return sd.textToImage("a red circle on a white background")
                    .steps(4)
                    .seed(3)
                    .generate()
                    .toBufferedImage();
        }
    }

    private static byte[] bytes(ModelFile file, String tensor) {
        try (InputStream in = file.bytes(tensor)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** What little the picture may be away from that of the model itself, in dB. */
    @ParameterizedTest
    @CsvSource({
        "q8_0, gguf, 7, 45",
        "q4_0, gguf, 2, 30",
        "f16, gguf, 1, 45",
        "bf16, gguf, 32, 50",
        "bf16, safetensors, , 50",
        "f32, safetensors, , 55"
    })
    void drawsTheSamePictureInOtherTypes(String type, String format, String fileType, double least) {
        WeightType weightType = WeightType.of(type);
        Path output = folder.resolve("converted." + format);
        ConversionReport report =
                ModelConverter.of(DemoModel.path()).weightType(weightType).convert(output);

        ModelFile file = ModelFile.read(output);
        assertThat(file.format()).isEqualTo(format.equals("gguf") ? ModelFormat.GGUF : ModelFormat.SAFETENSORS);
        assertThat(file.family()).isEqualTo(ModelFamily.SD1);
        assertThat(file.size()).isEqualTo(report.bytes());
        assertThat(file.tensors()).hasSize(report.tensors());
        assertThat(file.generationDefaults())
                .isEqualTo(ModelFile.read(DemoModel.path()).generationDefaults());
        assertThat(file.types()).containsKey(TensorType.valueOf(weightType.name()));
        if (fileType != null) {
            assertThat(file.metadata())
                    .containsEntry("general.architecture", "sd1")
                    .containsEntry("general.file_type", fileType)
                    .containsEntry("general.quantization_version", "2");
        }
        assertThat(psnr(expected, draw(output))).isGreaterThan(least);
    }

    @Test
    void keepsWhatIsSparedByteForByte() {
        ModelFile before = ModelFile.read(DemoModel.path());
        Path output = folder.resolve("converted.gguf");
        ConversionReport report = ModelConverter.of(DemoModel.path())
                .weightType(WeightType.Q8_0)
                .weightTypeRules("attn1\\.to_q=f32")
                .convert(output);
        ModelFile after = ModelFile.read(output);
        int same = 0;
        for (TensorInfo tensor : after.tensors()) {
            if (tensor.name().endsWith("attn1.to_q.weight")) {
                assertThat(tensor.type()).as(tensor.name()).isEqualTo(TensorType.F32);
            }
            if (tensor.name().endsWith(".bias") || tensor.name().contains("embedding")) {
                assertThat(bytes(after, tensor.name())).isEqualTo(bytes(before, tensor.name()));
                same++;
            }
        }
        assertThat(same).isPositive();
        assertThat(report.kept()).isGreaterThanOrEqualTo(same);
        assertThat(report.warnings()).hasSize(2);
    }

    @Test
    void comesBackFromGgufAsWhatItWas() {
        Path gguf = folder.resolve("it.gguf");
        Path back = folder.resolve("it.safetensors");
        ConversionReport there = ModelConverter.of(DemoModel.path()).convert(gguf);
        assertThat(there.converted()).isZero();
        ModelConverter.of(gguf).convert(back);

        ModelFile before = ModelFile.read(DemoModel.path());
        ModelFile after = ModelFile.read(back);
        assertThat(after.metadata()).containsAllEntriesOf(before.metadata());
        for (TensorInfo tensor : after.tensors()) {
            assertThat(bytes(after, tensor.name())).as(tensor.name()).isEqualTo(bytes(before, tensor.name()));
        }
        assertThat(after.tensors().size() + there.leftOut())
                .isEqualTo(before.tensors().size());
    }

    /** What was quantised, read and quantised again, is what it was: the numbers are ggml's own. */
    @Test
    void quantisedNumbersStayThroughFloat32() {
        Path first = folder.resolve("first.gguf");
        Path floats = folder.resolve("floats.safetensors");
        Path second = folder.resolve("second.gguf");
        ModelConverter.of(DemoModel.path()).weightType(WeightType.Q8_0).convert(first);
        ModelConverter.of(first).weightType(WeightType.F32).convert(floats);
        ModelConverter.of(floats).weightType(WeightType.Q8_0).convert(second);

        ModelFile before = ModelFile.read(first);
        ModelFile after = ModelFile.read(second);
        long equal = 0;
        long quantised = 0;
        for (TensorInfo tensor : before.tensors()) {
            if (tensor.type() == TensorType.Q8_0) {
                quantised++;
                equal += Arrays.equals(bytes(before, tensor.name()), bytes(after, tensor.name())) ? 1 : 0;
            }
        }
        assertThat(quantised).isPositive();
        assertThat(equal).isEqualTo(quantised);
    }

    @Test
    void takesNoWholeModelForAVae() {
        ModelConverter converter = ModelConverter.of(DemoModel.path()).vae(DemoModel.path());
        assertThatThrownBy(() -> converter.convert(folder.resolve("merged.gguf")))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("is not a VAE");
    }

    @Test
    void leavesNothingBehindWhenCancelledOrFailed() throws IOException {
        Path output = folder.resolve("it.gguf");
        List<Generation<ConversionReport>> started = new ArrayList<>();
        ModelConverter slow = ModelConverter.of(DemoModel.path()).weightType(WeightType.Q4_K);
        slow.onProgress(progress -> {
            if (progress.tensor() == 10) {
                while (started.isEmpty()) {
                    Thread.onSpinWait();
                }
                started.getFirst().cancel();
            }
        });
        started.add(slow.start(output));
        assertThatThrownBy(() -> started.getFirst().await()).isInstanceOf(GenerationCancelledException.class);
        assertThat(names()).isEmpty();

        slow.onProgress(progress -> {
            throw new IllegalStateException("of the listener");
        });
        assertThatThrownBy(() -> slow.convert(output)).hasMessage("of the listener");
        assertThat(names()).isEmpty();
    }

    @Test
    void replacesAFileOnlyWhenAsked() throws IOException {
        Path output = Files.writeString(folder.resolve("it.gguf"), "mine");
        ModelConverter converter = ModelConverter.of(DemoModel.path()).weightType(WeightType.Q8_0);
        assertThatThrownBy(() -> converter.convert(output)).isInstanceOf(InvalidRequestException.class);
        assertThat(output).hasContent("mine");

        converter.overwrite().convert(output);
        assertThat(ModelFile.read(output).types()).containsKey(TensorType.Q8_0);
        ModelConverter.of(output).weightType(WeightType.Q4_0).overwrite().convert(output);
        assertThat(ModelFile.read(output).types()).containsKey(TensorType.Q4_0);
        assertThat(names()).containsExactly("it.gguf");
    }
}
