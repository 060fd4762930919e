package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.modelfile.TensorType;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of single tensors, in small files. */
@Tag("native")
class ConvertedTensorsTest {

    private static final float[] VALUES = values(4 * 256);

    @TempDir
    private Path folder;

    private static float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) Math.sin(i * 0.37) * (1 + i % 7);
        }
        return values;
    }

    private static float[] load(ModelFile file, String tensor) {
        try (Tensor numbers = file.load(tensor)) {
            return numbers.toArray();
        }
    }

    private ModelConverter from(Safetensors model) {
        return ModelConverter.of(model.write(folder.resolve("in.safetensors")));
    }

    private ModelFile convert(ModelConverter converter, String name) {
        return ModelFile.read(converter.convert(folder.resolve(name)).output());
    }

    /** Every type that is offered, there and back; the sources are of every type that is read in Java. */
    @ParameterizedTest
    @EnumSource(WeightType.class)
    void numbersComeBack(WeightType type) {
        Safetensors model = new Safetensors();
        for (String source : new String[] {"F64", "F32", "F16", "BF16"}) {
            model.values(source + ".weight", source, VALUES, 2, 2, 256);
        }
        ModelFile converted = convert(from(model).weightType(type), "it.gguf");
        ModelFile back = convert(ModelConverter.of(converted.path()).weightType(WeightType.F32), "back.safetensors");
        for (String source : new String[] {"F64", "F32", "F16", "BF16"}) {
            assertThat(converted.tensor(source + ".weight").orElseThrow().type())
                    .isEqualTo(TensorType.valueOf(type.name()));
            float[] numbers = load(back, source + ".weight");
            double error = 0;
            double power = 0;
            for (int i = 0; i < VALUES.length; i++) {
                error += Math.pow(numbers[i] - VALUES[i], 2);
                power += Math.pow(VALUES[i], 2);
            }
            double most = switch (type) {
                case F32, F16, BF16 -> 0.004;
                case Q8_0 -> 0.01;
                case Q2_K -> 0.4;
                case Q3_K -> 0.2;
                default -> 0.1;
            };
            assertThat(Math.sqrt(error / power)).as(source).isLessThan(most);
        }
    }

    @Test
    void keepsAndLeavesOutWhatTheRuntimeDoes() {
        Safetensors model = new Safetensors()
                .values("a.weight", "F32", VALUES, 4, 256)
                .values("a.bias", "F32", VALUES, 1024)
                .values("norm.weight", "F32", VALUES, 1024)
                .values("conv.weight", "F32", Arrays.copyOf(VALUES, 90), 2, 5, 3, 3)
                .values("token_embedding.weight", "F32", VALUES, 4, 256)
                .values("wide", "F64", new float[] {2.5f}, 1)
                .tensor("position_ids", "I64", 1, 77)
                .tensor("helper", "U8", 8)
                .floats("model_ema.a.weight", 4, 256);
        ConversionReport report = from(model).weightType(WeightType.Q4_0).convert(folder.resolve("it.gguf"));
        assertThat(report.tensors()).isEqualTo(6);
        assertThat(report.converted()).isEqualTo(2);
        assertThat(report.kept()).isEqualTo(5);
        assertThat(report.leftOut()).isEqualTo(3);
        assertThat(report.warnings())
                .satisfiesExactly(
                        spared -> assertThat(spared).startsWith("4 tensors keep"),
                        misfits -> assertThat(misfits).startsWith("1 tensors of 360 bytes"));
        ModelFile file = ModelFile.read(report.output());
        assertThat(file.tensor("a.weight").orElseThrow().type()).isEqualTo(TensorType.Q4_0);
        assertThat(file.tensor("wide").orElseThrow().type()).isEqualTo(TensorType.F32);
        assertThat(load(file, "wide")).containsExactly(2.5f);
        assertThat(load(file, "conv.weight")).containsExactly(Arrays.copyOf(VALUES, 90));
    }

    /** fp8 leaves with its scale in it, and stays with its scale beside it. */
    @Test
    void foldsTheScaleOfFp8() throws IOException {
        Safetensors model = new Safetensors()
                .values("a.scale_weight", "F32", new float[] {0.25f})
                .values("a.scale_input", "F32", new float[] {7})
                .tensor("scaled_fp8", "F8_E4M3", 2)
                .tensor("a.weight", "F8_E4M3", 2, 256);
        ModelConverter converter = from(model);
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("in.safetensors").toFile(), "rw")) {
            file.seek(file.length() - 512);
            byte[] bytes = new byte[512];
            Arrays.fill(bytes, (byte) 0xc0); // -2
            file.write(bytes);
        }
        ModelFile same = convert(converter, "same.safetensors");
        assertThat(same.tensors()).hasSize(4);
        assertThat(same.tensor("a.weight").orElseThrow().type()).isEqualTo(TensorType.F8_E4M3);

        ModelFile widened = convert(converter, "it.gguf");
        assertThat(widened.tensors()).hasSize(1);
        assertThat(widened.tensor("a.weight").orElseThrow().type()).isEqualTo(TensorType.F16);
        assertThat(load(widened, "a.weight")).containsOnly(-0.5f);

        ModelFile quantised = convert(converter.weightType(WeightType.Q8_0), "q8.gguf");
        ModelFile back = convert(ModelConverter.of(quantised.path()).weightType(WeightType.F32), "back.safetensors");
        float[] half = new float[512];
        Arrays.fill(half, -0.5f);
        assertThat(load(back, "a.weight")).containsExactly(half, within(1e-3f));
    }

    @Test
    void refusesWhatCannotBeKept() throws IOException {
        assertRefused(
                new Safetensors().floats("a.weight_scale", 2).tensor("a.weight", "F8_E4M3", 2, 256),
                "2 scales for one");
        assertRefused(new Safetensors().floats("a.weight", 4, 256).tensor("a.weight.absmax", "F32", 4), "bitsandbytes");
        assertRefused(new Safetensors().tensor("a.weight", "I32", 4, 256), "i32");
        float[] values = VALUES.clone();
        values[300] = Float.NaN;
        assertRefused(new Safetensors().values("a.weight", "F32", values, 4, 256), "not finite");
        assertThatThrownBy(
                        () -> from(new Safetensors().floats("a.weight", 4, 256)).weightTypeRules("(=q8_0"))
                .isInstanceOf(InvalidRequestException.class);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("in.safetensors"));
        }
    }

    private void assertRefused(Safetensors model, String reason) {
        ModelConverter converter = from(model).weightType(WeightType.Q8_0);
        assertThatThrownBy(() -> converter.convert(folder.resolve("it.gguf")))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(reason);
    }

    /** More than is read at once, with rows that go to several threads. */
    @Test
    void convertsTensorsOfManyPieces() {
        float[] values = values(5_000 * 1024);
        ModelFile file = convert(
                from(new Safetensors().values("a.weight", "F32", values, 5_000, 1024))
                        .weightType(WeightType.F16),
                "it.safetensors");
        float[] numbers = load(file, "a.weight");
        for (int i = 0; i < values.length; i += 97) {
            assertThat(numbers[i]).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(values[i])));
        }
    }

    @ParameterizedTest
    @CsvSource({"legacy.pt", "zip.pt"})
    void readsCheckpoints(String name) {
        Path checkpoint = Path.of("src/test/resources/dev/diffusion4j/modelfile", name);
        ModelFile before = ModelFile.read(checkpoint);
        ModelFile after = convert(ModelConverter.of(checkpoint), "it.safetensors");
        assertThat(after.tensors())
                .isNotEmpty()
                .allSatisfy(tensor -> assertThat(load(after, tensor.name())).isEqualTo(load(before, tensor.name())));
    }
}
