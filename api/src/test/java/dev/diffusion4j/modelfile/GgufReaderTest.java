package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.diffusion4j.error.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class GgufReaderTest {

    @TempDir
    private Path folder;

    private Path path;

    @BeforeEach
    void setUp() {
        path = folder.resolve("model.gguf");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Gguf gguf) {
        gguf.write(path);
        return assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    private ModelFile read(Gguf gguf) {
        return ModelFile.read(gguf.write(path));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void readsTensorsInPytorchOrder(int version) {
        ModelFile file = read(new Gguf()
                .version(version)
                .tensor("a.weight", Gguf.Q4_0, 2 * 36, 2, 64)
                .tensor("b", Gguf.F32, 8, 2));

        assertThat(file.format()).isEqualTo(ModelFormat.GGUF);
        long start = file.size() - 96 - 8;
        assertThat(file.tensors())
                .containsExactly(
                        new TensorInfo("a.weight", TensorType.Q4_0, List.of(2L, 64L), start, 72),
                        new TensorInfo("b", TensorType.F32, List.of(2L), start + 96, 8));
    }

    @Test
    void rendersMetadataAsText() {
        ModelFile file = read(new Gguf()
                .text("name", "puppy")
                .number("count", -1)
                .pair("u8", 0, Gguf.little(1, 200))
                .pair("i8", 1, Gguf.little(1, -3))
                .pair("u16", 2, Gguf.little(2, 65_535))
                .pair("i16", 3, Gguf.little(2, -2))
                .pair("i32", 5, Gguf.little(4, -7))
                .pair("f32", 6, Gguf.little(4, Float.floatToIntBits(1.5f)))
                .pair("flag", 7, Gguf.little(1, 1))
                .pair("u64", 10, Gguf.little(8, -1))
                .pair("i64", 11, Gguf.little(8, -1))
                .pair("f64", 12, Gguf.little(8, Double.doubleToLongBits(0.1)))
                .pair("list", 9, Gguf.array(4, 2, Gguf.little(4, 1), Gguf.little(4, 2)))
                .pair("words", 9, Gguf.array(8, 1, Gguf.string("a")))
                .pair("long", 9, Gguf.array(0, 1_000, new byte[1_000]))
                .text("prose", "x".repeat(2_000)));

        assertThat(file.metadata())
                .containsExactly(
                        entry("name", "puppy"),
                        entry("count", "4294967295"),
                        entry("u8", "200"),
                        entry("i8", "-3"),
                        entry("u16", "65535"),
                        entry("i16", "-2"),
                        entry("i32", "-7"),
                        entry("f32", "1.5"),
                        entry("flag", "true"),
                        entry("u64", "18446744073709551615"),
                        entry("i64", "-1"),
                        entry("f64", "0.1"),
                        entry("list", "[1, 2]"),
                        entry("words", "[a]"),
                        entry("long", "[0, 0, 0, 0, 0, 0, 0, 0, … (1000 values)]"),
                        entry("prose", "x".repeat(1_000) + "… (2000 bytes)"));
    }

    @Test
    void skipsLongListsOfEveryType() {
        Gguf gguf = new Gguf();
        int[] sizes = {1, 1, 2, 2, 4, 4, 4, 1, -1, -1, 8, 8, 8};
        for (int type = 0; type < sizes.length; type++) {
            if (sizes[type] > 0) {
                gguf.pair("list" + type, 9, Gguf.array(type, 20, new byte[20 * sizes[type]]));
            }
        }
        byte[] words = new byte[20 * 9];
        for (int i = 0; i < 20; i++) {
            words[9 * i] = 1;
            words[9 * i + 8] = 'w';
        }
        ModelFile file = read(gguf.pair("words", 9, Gguf.array(8, 20, words)).text("last", "seen"));

        assertThat(file.metadata()).hasSize(13).containsEntry("last", "seen");
        assertThat(file.metadata().get("words")).startsWith("[w, w,").endsWith("(20 values)]");
    }

    @Test
    void heedsTheAlignment() {
        ModelFile file =
                read(new Gguf().alignment(256).tensor("a", Gguf.F32, 4, 1).tensor("b", Gguf.F32, 4, 1));

        assertThat(file.tensors().get(0).offset() % 256).isZero();
        assertThat(file.tensors().get(1).offset())
                .isEqualTo(file.tensors().get(0).offset() + 256);
    }

    @Test
    void readsWhatOnlyTheRuntimesOwnReaderTakes() {
        String name = "model." + "x".repeat(150);
        ModelFile file = read(new Gguf().tensor(name, Gguf.F32, 4, 1).tensor("five", Gguf.F32, 64, 2, 1, 2, 2, 2));

        assertThat(file.tensors()).hasSize(2);
    }

    @Test
    void refusesWhatNeitherOfTheRuntimesReadersTakes() {
        assertRefused(new Gguf()
                        .pair("list", 9, Gguf.array(4, 1, Gguf.little(4, 1)))
                        .tensor("x".repeat(150), Gguf.F32, 4, 1))
                .hasMessageContaining("the runtime reads one or the other");
        assertRefused(new Gguf()
                        .pair("list", 9, Gguf.array(4, 1, Gguf.little(4, 1)))
                        .tensorAt(64, "a", Gguf.F32, 4, 1))
                .hasMessageContaining("gaps");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 0x0300_0000, -1})
    void refusesOtherVersions(int version) {
        assertRefused(new Gguf().version(version)).hasMessageContaining("cannot be used");
    }

    @ParameterizedTest
    @ValueSource(longs = {65_537, Long.MAX_VALUE, -1})
    void refusesAbsurdCounts(long count) {
        assertRefused(new Gguf().claimTensors(count)).hasMessageContaining("tensors, more than 65536");
        assertRefused(new Gguf().claimPairs(count)).hasMessageContaining("metadata entries, more than 4096");
    }

    @Test
    void refusesCountsThatTheFileDoesNotHold() {
        assertRefused(new Gguf().text("k", "v").claimTensors(3)).hasMessageContaining("is damaged");
        assertRefused(new Gguf().claimPairs(3)).hasMessageContaining("is damaged");
    }

    @Test
    void refusesAbsurdLengths() {
        assertRefused(new Gguf().pair("k", 8, Gguf.little(8, Long.MAX_VALUE)))
                .hasMessageContaining("ends inside the GGUF header");
        assertRefused(new Gguf().pair("k", 8, Gguf.little(8, -1))).hasMessageContaining("ends inside the GGUF header");
        assertRefused(new Gguf().pair("k", 9, Gguf.array(0, Long.MAX_VALUE)))
                .hasMessageContaining("more than 16777216");
        assertRefused(new Gguf().pair("k", 9, Gguf.array(0, -1))).hasMessageContaining("more than 16777216");
        assertRefused(new Gguf().pair("k", 9, Gguf.array(8, 9, new byte[8 * 8], Gguf.little(8, Long.MAX_VALUE))))
                .hasMessageContaining("ends inside the GGUF header");
        assertRefused(new Gguf().tensor("x".repeat(4_097), Gguf.F32, 4, 1))
                .hasMessageContaining("a tensor's name is 4097 bytes long");
    }

    @Test
    void refusesUnknownMetadataTypes() {
        assertRefused(new Gguf().pair("k", 13, new byte[8])).hasMessageContaining("'k' has the unknown type 13");
        assertRefused(new Gguf().pair("k", 9, Gguf.array(13, 1, new byte[8]))).hasMessageContaining("unknown type 13");
        assertRefused(new Gguf().pair("k", 9, Gguf.array(13, 20, new byte[80])))
                .hasMessageContaining("unknown type 13");
        assertRefused(new Gguf().pair("k", 9, Gguf.array(9, 1, new byte[8]))).hasMessageContaining("array of arrays");
    }

    @Test
    void refusesBadKeys() {
        assertRefused(new Gguf().text("", "v")).hasMessageContaining("key is empty");
        assertRefused(new Gguf().text("a\u0007", "v")).hasMessageContaining("control characters");
        assertRefused(new Gguf().text("a", "1").text("a", "2")).hasMessageContaining("key 'a' is there twice");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 1 << 21, -1})
    void refusesBadAlignments(int alignment) {
        assertRefused(new Gguf().number("general.alignment", alignment)).hasMessageContaining("not a power of two");
    }

    @Test
    void refusesAnAlignmentOfAnotherType() {
        assertRefused(new Gguf().text("general.alignment", "32")).hasMessageContaining("not a 32-bit number");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 9, 15, 31, 42, -1, Integer.MAX_VALUE})
    void refusesTypesTheRuntimeCannotRead(int type) {
        assertRefused(new Gguf().tensor("a", type, 1_024, 256)).hasMessageContaining("has the ggml type " + type);
    }

    @Test
    void refusesRowsThatAreNotWholeBlocks() {
        assertRefused(new Gguf().tensor("a", Gguf.Q4_0, 36, 2, 33)).hasMessageContaining("multiple of 32");
        assertRefused(new Gguf().tensor("a", Gguf.Q4_0, 18)).hasMessageContaining("multiple of 32");
    }

    @Test
    void refusesDimensionsByWhichGgmlWouldDivide() {
        assertRefused(new Gguf().tensor("a", Gguf.F32, 0, 0, 4)).hasMessageContaining("dimension of 0");
        assertThat(read(new Gguf().tensor("marker", Gguf.F32, 0, 0)).tensors()).hasSize(1);
    }

    @Test
    void refusesAbsurdShapes() {
        assertRefused(new Gguf().tensor("a", Gguf.F32, 4, 1, 1, 1, 1, 1, 1)).hasMessageContaining("6 dimensions");
        assertRefused(new Gguf().tensor("a", Gguf.F32, 4, -1, 1)).hasMessageContaining("negative dimension");
        assertRefused(new Gguf().tensor("a", Gguf.F32, 4, 1L << 40, 1L << 40)).hasMessageContaining("2147483647");
    }

    @Test
    void refusesDataThatIsCutShort() throws IOException {
        byte[] bytes = new Gguf().tensor("a", Gguf.F32, 64, 16).bytes();
        Files.write(path, Arrays.copyOf(bytes, bytes.length - 1));

        assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("cut short: tensor 'a' of 64 bytes");
    }

    @ParameterizedTest
    @CsvSource({"9223372036854775807", "-32", "1048576"})
    void refusesOffsetsOutsideTheFile(long offset) {
        assertRefused(new Gguf().tensor("a", Gguf.F32, 32, 8).tensorAt(offset, "b", Gguf.F32, 0, 8))
                .hasMessageContaining("cut short: tensor 'b'");
    }

    @Test
    void refusesOverlaps() {
        assertRefused(new Gguf().tensor("a", Gguf.F32, 64, 16).tensorAt(32, "b", Gguf.F32, 64, 16))
                .hasMessageContaining("share the same bytes");
    }

    @Test
    void refusesDuplicateNames() {
        assertRefused(new Gguf().tensor("a", Gguf.F32, 4, 1).tensor("a", Gguf.F32, 4, 1))
                .hasMessageContaining("tensor 'a' is there twice");
    }

    @Test
    void knowsTheSizesOfGgmlsBlocks() {
        // From ggml-common.h: scale and offset, then the packed numbers.
        assertThat(TensorType.Q4_K.byteSize(256)).isEqualTo(2 * 2 + 12 + 128);
        assertThat(TensorType.Q6_K.byteSize(256)).isEqualTo(2 + 16 + 3 * 64);
        assertThat(TensorType.Q8_0.byteSize(64)).isEqualTo(2 * (2 + 32));
        assertThat(TensorType.IQ3_S.byteSize(256)).isEqualTo(2 + 13 * 8 + 4);
        assertThat(TensorType.MXFP4.byteSize(32)).isEqualTo(1 + 16);
        assertThat(TensorType.Q5_K.displayName()).isEqualTo("q5_K");
        assertThat(TensorType.ofGgmlId(30)).contains(TensorType.BF16);
        assertThat(TensorType.ofGgmlId(-1)).isEmpty();
    }
}
