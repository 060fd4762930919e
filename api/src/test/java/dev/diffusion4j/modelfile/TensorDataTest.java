package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers of tensors, read from files of every container format. */
@Tag("fast")
class TensorDataTest {

    private static final float[] VALUES = {
        0, -0.0f, 1, -2.5f, 1.5e-3f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 384
    };

    @TempDir
    private Path folder;

    private Path path(String name) {
        return folder.resolve(name);
    }

    private static byte[] littleEndian(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.array();
    }

    @ParameterizedTest
    @CsvSource({"F64, 0", "F32, 0", "F16, 1e-3", "BF16, 1e-2"})
    void readsFloatingPoint(String type, float relative) {
        ModelFile file = ModelFile.read(new Safetensors()
                .floats("before", 3)
                .values("it", type, VALUES, 2, 4)
                .floats("after", 3)
                .write(path("model.safetensors")));

        try (Tensor tensor = file.load("it")) {
            assertThat(tensor.shape()).isEqualTo(Shape.of(2, 4));
            for (int i = 0; i < VALUES.length; i++) {
                if (Float.isFinite(VALUES[i])) {
                    assertThat(tensor.getFlat(i)).isCloseTo(VALUES[i], within(relative * Math.abs(VALUES[i]) + 1e-9f));
                } else {
                    assertThat(tensor.getFlat(i)).isEqualTo(VALUES[i]);
                }
            }
        }
    }

    @Test
    void readsASingleNumber() {
        ModelFile file = ModelFile.read(
                new Safetensors().values("it", "F32", new float[] {7}).write(path("model.safetensors")));

        try (Tensor tensor = file.load("it")) {
            assertThat(tensor.shape().rank()).isZero();
            assertThat(tensor.getFlat(0)).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"F64", "F32", "F16"})
    void readsTensorsOfManyMegabytes(String type) {
        // F16 counts in whole numbers up to 2048.
        float[] values = new float[700_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 2048;
        }
        ModelFile file = ModelFile.read(
                new Safetensors().values("it", type, values, values.length).write(path("model.safetensors")));

        try (Tensor tensor = file.load("it")) {
            assertThat(Arrays.equals(tensor.toArray(), values)).isTrue();
        }
    }

    @Test
    void readsGguf() throws IOException {
        byte[] content = new Gguf().tensor("it", Gguf.F32, 32, 2, 4).bytes();
        byte[] data = littleEndian(VALUES);
        System.arraycopy(data, 0, content, content.length - data.length, data.length);
        ModelFile file = ModelFile.read(Files.write(path("model.gguf"), content));

        try (Tensor tensor = file.load("it")) {
            assertThat(tensor.shape()).isEqualTo(Shape.of(2, 4));
            assertThat(tensor.toArray()).containsExactly(VALUES);
        }
    }

    @Test
    void readsAViewIntoACheckpointsStorage() {
        byte[] pickle = new Pickle()
                .dictionary()
                .text("it")
                .tensor("FloatStorage", "0", 8, 2, 3, 2)
                .endDictionary()
                .end();
        ModelFile file = ModelFile.read(new TorchZip()
                .entry("archive/data.pkl", pickle)
                .entry("archive/data/0", littleEndian(VALUES))
                .write(path("model.pt")));

        try (Tensor tensor = file.load("it")) {
            assertThat(tensor.shape()).isEqualTo(Shape.of(3, 2));
            assertThat(tensor.toArray()).containsExactly(Arrays.copyOfRange(VALUES, 2, 8));
        }
    }

    @Test
    void readsOldCheckpoints() {
        ModelFile file = ModelFile.read(TorchReadersTest.fixture("legacy.pt"));
        ModelFile same = ModelFile.read(TorchReadersTest.fixture("zip.pt"));
        for (TensorInfo info : file.tensors()) {
            if (!info.type().isInteger()) {
                try (Tensor old = file.load(info.name());
                        Tensor zipped = same.load(info.name())) {
                    assertThat(old.toArray()).as(info.name()).containsExactly(zipped.toArray());
                }
            }
        }
        assertThat(file.tensors()).isNotEmpty();
    }

    @Test
    void refusesWhatOnlyTheRuntimeReads() {
        ModelFile quantised =
                ModelFile.read(new Gguf().tensor("it", Gguf.Q4_0, 36, 2, 32).write(path("model.gguf")));
        assertThatThrownBy(() -> quantised.load("it"))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path("model.gguf").toString())
                .hasMessageContaining("q4_0");
        ModelFile integers =
                ModelFile.read(new Safetensors().tensor("it", "I32", 4).write(path("model.safetensors")));
        assertThatThrownBy(() -> integers.load("it"))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("i32");
        ModelFile deflated = ModelFile.read(TorchZip.ofOneTensor().deflated().write(path("model.pt")));
        assertThatThrownBy(() -> deflated.load("a.weight"))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("compressed");
    }

    @Test
    void refusesUnknownNames() {
        ModelFile file = ModelFile.read(new Safetensors().floats("it", 4).write(path("model.safetensors")));
        assertThatThrownBy(() -> file.load("It")).isInstanceOfSatisfying(InvalidRequestException.class, e -> {
            assertThat(e.field()).isEqualTo("name");
            assertThat(e.value()).isEqualTo("It");
        });
    }

    @Test
    void refusesEmptyTensors() {
        ModelFile file = ModelFile.read(new Safetensors().floats("it", 0, 4).write(path("model.safetensors")));
        assertThatThrownBy(() -> file.load("it"))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("empty");
    }

    @Test
    void refusesAFileThatBecameShorter() throws IOException {
        ModelFile file = ModelFile.read(new Safetensors().floats("it", 400).write(path("model.safetensors")));
        byte[] whole = Files.readAllBytes(file.path());
        Files.write(file.path(), Arrays.copyOf(whole, whole.length - 400));
        assertThatThrownBy(() -> file.load("it")).isInstanceOf(ModelFileException.class);

        Files.delete(file.path());
        assertThatThrownBy(() -> file.load("it")).isInstanceOf(ModelFileException.class);
    }
}
