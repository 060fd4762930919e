package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.TensorFileException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class NpyFileTest {

    private static final float[] VALUES = {-0.5f, -0.25f, 0, 0.25f, 0.5f, 0.75f};

    @TempDir
    private Path folder;

    private static Path resource(String name) {
        try {
            return Path.of(NpyFileTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"float32.npy", "float64.npy", "version2.npy", "version3.npy"})
    void readsWhatNumpyWrote(String name) {
        try (Tensor tensor = NpyFile.read(resource(name))) {
            assertThat(tensor.shape()).isEqualTo(Shape.of(2, 3));
            assertThat(tensor.toArray()).containsExactly(VALUES);
        }
    }

    @Test
    void readsAScalar() {
        try (Tensor tensor = NpyFile.read(resource("scalar.npy"))) {
            assertThat(tensor.shape()).isEqualTo(Shape.of());
            assertThat(tensor.get()).isEqualTo(1.5f);
        }
    }

    @Test
    void writesWhatNumpyWrites() throws IOException {
        Path file = folder.resolve("written.npy");
        try (Tensor tensor = Tensor.of(VALUES, Shape.of(2, 3))) {
            NpyFile.write(file, tensor);
        }
        try (Tensor tensor = NpyFile.read(file)) {
            assertThat(tensor.shape()).isEqualTo(Shape.of(2, 3));
            assertThat(tensor.toArray()).containsExactly(VALUES);
        }
        byte[] header = Arrays.copyOf(Files.readAllBytes(file), 128);
        assertThat(new String(header, StandardCharsets.ISO_8859_1))
                .startsWith("\u0093NUMPY\u0001\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }")
                .endsWith(" \n");
        assertThat(Files.size(file)).isEqualTo(128 + 24);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 300_000})
    void readsBackWhatItWrote(long size) {
        Path file = folder.resolve("back.npy");
        try (Tensor tensor = Tensor.randomNormal(Shape.of(size, 1), 3)) {
            NpyFile.write(file, tensor);
            try (Tensor back = NpyFile.read(file)) {
                assertThat(back.shape()).isEqualTo(tensor.shape());
                assertThat(back.toArray()).isEqualTo(tensor.toArray());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "fortran.npy, not in C order",
        "int64.npy, type <i8",
        "big_endian.npy, type >f4",
        "object.npy, type |O",
        "record.npy, records",
        "empty.npy, 1 or above"
    })
    void refusesOtherArrays(String name, String reason) {
        assertRefused(resource(name), reason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{'descr': '<f4'}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} x",
                "{'descr': '<f4', 'fortran_order': False, 'shape': 6}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6 6)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': True}",
                "{'descr': '<f4', 'fortran_order': 'False', 'shape': (6,)}",
                "{'descr': '<f4', 'fortran_order': Fals, 'shape': (6,)}",
                "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': True}",
                "{'descr': '<f4, 'fortran_order': False, 'shape': (6,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
                "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693951,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,)}",
            })
    void refusesOddHeaders(String header) throws IOException {
        assertRefused(file(header, 24), "");
    }

    @Test
    void readsHeadersInAnotherOrderAndSpacing() throws IOException {
        Path file = file("{\"shape\":( 6 , ) ,'fortran_order' :False,'descr':\"<f4\",}  \n", 24);
        try (Tensor tensor = NpyFile.read(file)) {
            assertThat(tensor.toArray()).hasSize(6).containsOnly(0);
        }
    }

    @Test
    void refusesAFileCutAtAnyByte() throws IOException {
        byte[] whole = Files.readAllBytes(resource("float32.npy"));
        Path cut = folder.resolve("cut.npy");
        for (int length = 0; length < whole.length; length++) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertRefused(cut, "");
        }
        Files.write(cut, Arrays.copyOf(whole, whole.length + 1));
        assertRefused(cut, "holds 25 bytes");
    }

    @Test
    void refusesOtherVersionsAndLongHeaders() throws IOException {
        byte[] bytes = Files.readAllBytes(resource("version2.npy"));
        Path file = folder.resolve("changed.npy");
        bytes[10] = 1;
        Files.write(file, bytes);
        assertRefused(file, "header of 65");
        bytes[6] = 4;
        Files.write(file, bytes);
        assertRefused(file, "version 4.0");
        bytes[0] = 0;
        Files.write(file, bytes);
        assertRefused(file, "not a .npy file");
    }

    @Test
    void reportsMissingFilesAndFolders() {
        assertRefused(folder.resolve("missing.npy"), "cannot be read");
        try (Tensor tensor = Tensor.zeros(Shape.of(1))) {
            assertThatExceptionOfType(TensorFileException.class)
                    .isThrownBy(() -> NpyFile.write(folder, tensor))
                    .withMessageContaining("cannot be written");
        }
    }

    @Test
    void leavesTheFileAloneIfTheTensorIsClosed() {
        Path file = folder.resolve("untouched.npy");
        Tensor tensor = Tensor.zeros(Shape.of(1));
        tensor.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> NpyFile.write(file, tensor));
        assertThat(file).doesNotExist();
    }

    private Path file(String header, int dataLength) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[10 + text.length + dataLength];
        byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) text.length, (byte) (text.length >> 8)};
        System.arraycopy(start, 0, bytes, 0, start.length);
        System.arraycopy(text, 0, bytes, start.length, text.length);
        return Files.write(folder.resolve("odd.npy"), bytes);
    }

    private static void assertRefused(Path file, String reason) {
        assertThatExceptionOfType(TensorFileException.class)
                .isThrownBy(() -> NpyFile.read(file))
                .withMessageContaining(file.toString())
                .withMessageContaining(reason);
    }
}
