package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class SafetensorsReaderTest {

    @TempDir
    private Path folder;

    private Path path;

    @BeforeEach
    void setUp() {
        path = folder.resolve("model.safetensors");
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path path) {
        return assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageNotContaining("\n");
    }

    private static String entry(String dtype, String shape, long begin, long end) {
        return "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + "," + end + "]}";
    }

    @Test
    void readsTensorsAndMetadata() {
        new Safetensors()
                .metadata("format", "pt")
                .tensor("a.weight", "F32", 2, 3)
                .tensor("b", "F16")
                .tensor("ids", "I64", 1, 77)
                .write(path);

        ModelFile file = ModelFile.read(path);

        assertThat(file.format()).isEqualTo(ModelFormat.SAFETENSORS);
        assertThat(file.path()).isEqualTo(path);
        assertThat(file.size()).isEqualTo(path.toFile().length());
        assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"));
        long start = file.size() - 24 - 2 - 616;
        assertThat(file.tensors())
                .containsExactly(
                        new TensorInfo("a.weight", TensorType.F32, List.of(2L, 3L), start, 24),
                        new TensorInfo("b", TensorType.F16, List.of(), start + 24, 2),
                        new TensorInfo("ids", TensorType.I64, List.of(1L, 77L), start + 26, 616));
        assertThat(file.tensor("b")).contains(file.tensors().get(1));
        assertThat(file.tensor("c")).isEmpty();
        assertThat(file.parameterCount()).isEqualTo(6 + 1 + 77);
        assertThat(file.weightMemory()).isEqualTo(24 + 2);
        assertThat(file.types())
                .containsOnlyKeys(TensorType.F32, TensorType.F16, TensorType.I64)
                .containsEntry(TensorType.I64, new ModelFile.TypeSummary(1, 77, 616));
    }

    @ParameterizedTest
    @CsvSource({
        "F64, F64, 8",
        "F32, F32, 4",
        "F16, F16, 2",
        "BF16, BF16, 2",
        "F8_E4M3, F8_E4M3, 1",
        "F8_E5M2, F8_E5M2, 1",
        "I64, I64, 8",
        "I32, I32, 4",
        "U8, U8, 1"
    })
    void knowsTheTypesTheRuntimeReads(String dtype, TensorType type, int bytes) {
        new Safetensors()
                .entry("a", entry(dtype, "[3]", 0, 3L * bytes))
                .data(3L * bytes)
                .write(path);

        assertThat(ModelFile.read(path).tensors().getFirst().type()).isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"BOOL", "I8", "U16", "C64", "F4", "f32", ""})
    void refusesTypesTheRuntimeCannotRead(String dtype) {
        new Safetensors().entry("a", entry(dtype, "[4]", 0, 4)).data(4).write(path);

        assertRefused(path).hasMessageContaining("tensor 'a' has the dtype '" + dtype + "'");
    }

    @Test
    void readsMarkersWithoutElementsAndPaddingAroundTheHeader() {
        String json = "  {\"v_pred\":" + entry("F32", "[0]", 0, 0) + "}    ";
        Safetensors.write(path, json, 0);

        assertThat(ModelFile.read(path).tensors().getFirst().elements()).isZero();
    }

    @Test
    void ignoresMetadataThatIsNotText() {
        Safetensors.write(
                path, "{\"__metadata__\":{\"a\":{\"b\":[1]},\"c\":3},\"t\":" + entry("F32", "[]", 0, 4) + "}", 4);

        assertThat(ModelFile.read(path).metadata()).containsExactly(Map.entry("c", "3"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{}", "\"text\"", "[1,{\"a\":[2]}]", "7", "true"})
    void takesMetadataOfAnyKind(String metadata) {
        Safetensors.write(path, "{\"__metadata__\":" + metadata + ",\"t\":" + entry("F32", "[]", 0, 4) + "}", 4);

        ModelFile file = ModelFile.read(path);

        assertThat(file.metadata()).isEmpty();
        assertThat(file.tensors()).singleElement().extracting(TensorInfo::name).isEqualTo("t");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"__metadata__\":{\"a\":\"\\ud83d\"}",
                "\"__metadata__\":{\"a\":{\"b\":[\"x\\udc00x\"]}}",
                "\"__metadata__\":\"\\ud83d\"",
                "\"__metadata__\":{\"\\ud83d\\ud83d\":\"\"}",
                "\"__metadata__\":{},\"\\ude00\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4,8]}"
            })
    void refusesHalfASurrogatePairWhereverItStands(String entry) {
        Safetensors.write(path, "{" + entry + ",\"t\":" + entry("F32", "[]", 0, 4) + "}", 8);

        assertRefused(path).hasMessageContaining("half a surrogate pair");
    }

    @Test
    void takesWholeSurrogatePairsAndWhatOnlyLooksLikeHalfOfOne() {
        Safetensors.write(
                path,
                "{\"__metadata__\":{\"a\":\"\\ud83d\\ude00\",\"b\":\"\\\\ud83d\"},\"t\":" + entry("F32", "[]", 0, 4)
                        + "}",
                4);

        assertThat(ModelFile.read(path).metadata())
                .containsExactly(Map.entry("a", "\ud83d\ude00"), Map.entry("b", "\\ud83d"));
    }

    @Test
    void refusesDataThatIsCutShort() {
        new Safetensors().floats("a", 4).data(-1).write(path);

        assertRefused(path).hasMessageContaining("cut short").hasMessageContaining("'a'");
    }

    @Test
    void refusesAHeaderThatIsCutShort() {
        Safetensors.write(path, 100, "{\"a\":".getBytes(StandardCharsets.UTF_8), 0);

        assertRefused(path).hasMessageContaining("cut short inside its safetensors header");
    }

    @Test
    void refusesAHeaderThatIsTooLong() {
        Safetensors.write(path, (32 << 20) + 1, "{}".getBytes(StandardCharsets.UTF_8), 40 << 20);

        assertRefused(path).hasMessageContaining("header of 33554433 bytes");
    }

    @Test
    void refusesLengthsThatDoNotFitTheShape() {
        new Safetensors().entry("a", entry("F32", "[2,2]", 0, 12)).data(16).write(path);

        assertRefused(path).hasMessageContaining("has 12 bytes, its shape [2, 2] of f32 needs 16");
    }

    @ParameterizedTest
    @CsvSource({"-4, 0", "4, 0", "9223372036854775807, -9223372036854775805"})
    void refusesImpossibleOffsets(long begin, long end) {
        new Safetensors().entry("a", entry("F32", "[1]", begin, end)).data(16).write(path);

        assertRefused(path).hasMessageContaining("impossible offsets");
    }

    @Test
    void refusesOffsetsBeyondTheFile() {
        new Safetensors()
                .entry("a", entry("F32", "[1]", Long.MAX_VALUE - 4, Long.MAX_VALUE))
                .data(16)
                .write(path);

        assertRefused(path).hasMessageContaining("cut short");
    }

    @Test
    void refusesOverlaps() {
        new Safetensors()
                .entry("a", entry("F32", "[4]", 0, 16))
                .entry("b", entry("F32", "[1]", 12, 16))
                .data(16)
                .write(path);

        assertRefused(path).hasMessageContaining("'a' and 'b' share the same bytes");
    }

    @Test
    void refusesDuplicateNames() {
        new Safetensors()
                .entry("a", entry("F32", "[1]", 0, 4))
                .entry("a", entry("F32", "[1]", 4, 8))
                .data(8)
                .write(path);

        assertRefused(path).hasMessageContaining("Duplicate");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"dtype\":\"F32\",\"shape\":[1]}",
                "{\"dtype\":\"F32\",\"data_offsets\":[0,4]}",
                "{\"shape\":[1],\"data_offsets\":[0,4]}",
                "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}",
                "{}"
            })
    void refusesMissingFields(String entry) {
        new Safetensors().entry("a", entry).data(4).write(path);

        assertRefused(path).hasMessageContaining("lacks dtype, shape or data_offsets of tensor 'a'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}|dtype of tensor 'a' is not text",
                "{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}|shape of tensor 'a' is not a list",
                "{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}|not made of whole numbers",
                "{\"dtype\":\"F32\",\"shape\":[null],\"data_offsets\":[0,4]}|not made of whole numbers",
                "{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}|not made of whole numbers",
                "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}|more than 2 numbers",
                "{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,4]}|more than 5 numbers",
                "{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}|negative dimension",
                "{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}|more than 2147483647 elements",
                "{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,4]}|more than 2147483647 elements",
                "[1]|says nothing usable about 'a'",
                "null|says nothing usable about 'a'"
            })
    void refusesMistypedFields(String entry, String reason) {
        new Safetensors().entry("a", entry).data(4).write(path);

        assertRefused(path).hasMessageContaining(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1]", "7777", "true", "\"text\""})
    void refusesHeadersThatAreNotObjects(String json) {
        Safetensors.write(path, json, 100);

        assertRefused(path).hasMessageContaining("not a JSON object");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":}", "{,}", "{\"a\":{}", "{} {}", "{\"a\" 1}", "{\"\\u0000a\":1,}"})
    void refusesBrokenJson(String json) {
        Safetensors.write(path, json, 100);

        assertRefused(path).hasMessageContaining("is damaged");
    }

    @Test
    void refusesJsonThatNestsDeeply() {
        Safetensors.write(path, "{\"a\":" + "[".repeat(5_000), 100);

        assertRefused(path).hasMessageContaining("is damaged");
    }

    @Test
    void refusesHeadersThatAreNotUtf8() {
        byte[] header = {'{', '"', (byte) 0xff, '"', ':', '1', '}'};
        Safetensors.write(path, header.length, header, 100);

        assertRefused(path).hasMessageContaining("not valid UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\u0000b", "a\\nb", "a\\u2028b"})
    void refusesNamesThatDoNotPrint(String name) {
        new Safetensors().entry(name, entry("F32", "[1]", 0, 4)).data(4).write(path);

        assertRefused(path).hasMessageContaining("control characters");
    }

    @Test
    void refusesEmptyNames() {
        new Safetensors().entry("", entry("F32", "[1]", 0, 4)).data(4).write(path);

        assertRefused(path).hasMessageContaining("has no name");
    }

    @Test
    void refusesLongNamesAndKeepsTheMessageShort() {
        new Safetensors().floats("x".repeat(1_025), 1).write(path);

        assertRefused(path)
                .hasMessageContaining("1025 characters")
                .satisfies(e -> assertThat(e.getMessage())
                        .hasSizeLessThan(path.toString().length() + 200));
    }

    @ParameterizedTest
    @ValueSource(strings = {"blocks.99999999.weight", "5000.weight", "a.4097"})
    void refusesAbsurdBlockNumbers(String name) {
        new Safetensors().floats(name, 1).write(path);

        assertRefused(path).hasMessageContaining("numbers a block above 4096");
    }

    @Test
    void readsNumbersThatAreNotBlocks() {
        new Safetensors().floats("lora_unet_99999999", 1).floats("wd14.7x", 1).write(path);

        assertThat(ModelFile.read(path).tensors()).hasSize(2);
    }

    @Test
    void refusesTooManyTensors() {
        Safetensors many = new Safetensors();
        for (int i = 0; i <= Limits.MAX_TENSORS; i++) {
            many.entry("t" + i, entry("F32", "[0]", 0, 0));
        }
        many.write(path);

        assertRefused(path).hasMessageContaining("more than 65536 tensors");
    }

    @Test
    void refusesTooManyMetadataEntries() {
        StringBuilder metadata = new StringBuilder();
        for (int i = 0; i <= Limits.MAX_METADATA_ENTRIES; i++) {
            metadata.append(i == 0 ? "" : ",").append("\"k").append(i).append("\":\"\"");
        }
        Safetensors.write(path, "{\"__metadata__\":{" + metadata + "}}", 8);

        assertRefused(path).hasMessageContaining("more than 4096 metadata entries");
    }

    @Test
    void weightsTakeTheMemoryOfWhatTheRuntimeMakesOfThem() {
        Path path = Safetensors.write(folder.resolve("types.safetensors"), """
                {"wide": {"dtype": "F64", "shape": [3], "data_offsets": [0, 24]},
                 "small": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [24, 32]},
                 "model_ema.average": {"dtype": "F32", "shape": [4], "data_offsets": [32, 48]}}""", 48);
        assertThat(ModelFile.read(path).weightMemory()).isEqualTo(3 * 4 + 8 * 2);
    }
}
