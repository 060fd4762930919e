package dev.diffusion4j.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that were split over files are read as one, or refused. */
@Tag("fast")
class ShardsTest {

    @TempDir
    private Path folder;

    private Path shard(String name, String tensor) {
        return new Safetensors()
                .values(tensor, "F32", new float[] {tensor.length()}, 1)
                .write(folder.resolve(name));
    }

    private Path index(String weightMap) throws IOException {
        return Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"metadata\": {\"total_size\": 8}, \"weight_map\": {" + weightMap + "}}");
    }

    private static void requireRefusal(Path path, String reason) {
        assertThatThrownBy(() -> ModelFile.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void theFirstOneAndTheIndexStandForAll() throws IOException {
        Path first = shard("model-00001-of-00002.safetensors", "a");
        Path second = shard("model-00002-of-00002.safetensors", "bcd");
        Path index =
                index("\"a\": \"model-00001-of-00002.safetensors\", \"bcd\": \"model-00002-of-00002.safetensors\"");
        for (Path named : List.of(first, index)) {
            ModelFile model = ModelFile.read(named);
            assertThat(model.path()).isEqualTo(named);
            assertThat(model.files()).containsExactly(first, second);
            assertThat(model.tensors()).extracting(TensorInfo::name).containsExactly("a", "bcd");
            assertThat(model.size()).isEqualTo(Files.size(first) + Files.size(second));
            assertThat(model.parameterCount()).isEqualTo(2);
            try (Tensor tensor = model.load("bcd")) {
                assertThat(tensor.getFlat(0)).isEqualTo(3);
            }
        }
    }

    @Test
    void aVariantHasItsNameBeforeOrBehindTheNumber() {
        for (String pattern : List.of("model.fp16-%05d-of-00002.safetensors", "model-%05d-of-00002.fp16.safetensors")) {
            Path first = shard(pattern.formatted(1), "a");
            Path second = shard(pattern.formatted(2), "b");
            assertThat(ModelFile.read(first).files()).containsExactly(first, second);
        }
    }

    @Test
    void whatIsWholeIsItsOnlyFile() {
        Path one = shard("model-00001-of-00001.safetensors", "a");
        assertThat(ModelFile.read(one).files()).containsExactly(one);
        Path dated = shard("model-2024-of-00002.safetensors", "a");
        assertThat(ModelFile.read(dated).files()).containsExactly(dated);
    }

    @Test
    void anIndexMayNameOneFile() throws IOException {
        Path whole = shard("model.safetensors", "a");
        assertThat(ModelFile.read(index("\"a\": \"model.safetensors\"")).files())
                .containsExactly(whole);
    }

    @Test
    void allMustBeThere() throws IOException {
        Path first = shard("model-00001-of-00003.safetensors", "a");
        shard("model-00003-of-00003.safetensors", "c");
        requireRefusal(first, "in 3 files, of which model-00002-of-00003.safetensors is missing");
        requireRefusal(
                index("\"a\": \"model-00001-of-00003.safetensors\", \"b\": \"model-00002-of-00003.safetensors\","
                        + "\"c\": \"model-00003-of-00003.safetensors\""),
                "model-00002-of-00003.safetensors is missing");
        requireRefusal(
                index("\"a\": \"model-00001-of-00003.safetensors\", \"c\": \"model-00003-of-00003.safetensors\""),
                "does not name the whole of a model");
    }

    @Test
    void theFirstOneIsTheOneToName() {
        Path first = shard("model-00001-of-00002.safetensors", "a");
        Path second = shard("model-00002-of-00002.safetensors", "b");
        requireRefusal(second, "name the first one, " + first);
        requireRefusal(shard("model-00003-of-00002.safetensors", "b"), "claims to be one of 2 files");
        requireRefusal(shard("model-00001-of-00000.safetensors", "b"), "claims to be one of 0 files");
        requireRefusal(shard("model-00001-of-99999.safetensors", "b"), "claims to be one of 99999 files");
    }

    @Test
    void noTensorIsInTwo() {
        Path first = shard("model-00001-of-00002.safetensors", "a");
        shard("model-00002-of-00002.safetensors", "a");
        requireRefusal(first, "tensor 'a' is in " + first + ", too");
    }

    @Test
    void oneThatIsDamagedIsNamed() throws IOException {
        Path first = shard("model-00001-of-00002.safetensors", "a");
        Path second = Files.writeString(folder.resolve("model-00002-of-00002.safetensors"), "");
        requireRefusal(first, second + " is not a model file: it is empty");
    }

    @Test
    void theIndexAgreesWithTheFiles() throws IOException {
        shard("model-00001-of-00002.safetensors", "a");
        shard("model-00002-of-00002.safetensors", "b");
        String one = "\"model-00001-of-00002.safetensors\"";
        String two = "\"model-00002-of-00002.safetensors\"";
        requireRefusal(
                index("\"a\": " + two + ", \"b\": " + one),
                "says that tensor 'a' is in model-00002-of-00002.safetensors, where it is not");
        requireRefusal(index("\"a\": " + one + ", \"b\": " + two + ", \"c\": " + two), "says that tensor 'c' is in");
        requireRefusal(index("\"a\": " + one + ", \"a\": " + two + ", \"b\": " + two), "is no index of tensors");
        shard("model-00002-of-00002.safetensors", "c");
        requireRefusal(index("\"a\": " + one + ", \"b\": " + two), "says that tensor 'b' is in");
    }

    @Test
    void tensorsThatTheIndexDoesNotNameAreRefused() throws IOException {
        new Safetensors().floats("a", 1).floats("x", 1).write(folder.resolve("model-00001-of-00002.safetensors"));
        shard("model-00002-of-00002.safetensors", "b");
        requireRefusal(
                index("\"a\": \"model-00001-of-00002.safetensors\", \"b\": \"model-00002-of-00002.safetensors\""),
                "does not name tensor 'x'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"../model.safetensors\"",
                "\"..\"",
                "\".\"",
                "\"\"",
                "\"/model.safetensors\"",
                "\"a/b.safetensors\"",
                "\"\\u0000\"",
                "1",
                "null",
                "[\"model.safetensors\"]"
            })
    void anIndexNamesFilesBesideIt(String file) throws IOException {
        shard("model.safetensors", "a");
        requireRefusal(index("\"a\": " + file), "which is not the name of a file beside it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{\"weight_map\": []}", "{}", "{\"weight_map\": {}}"})
    void anIndexOfNothingIsRefused(String json) throws IOException {
        Path index = Files.writeString(folder.resolve("model.safetensors.index.json"), json);
        assertThatThrownBy(() -> ModelFile.read(index)).isInstanceOf(ModelFileException.class);
    }

    @Test
    void ggufIsReadAsOne() {
        Path first = split(1, 2, "a");
        split(2, 2, "b");
        ModelFile model = ModelFile.read(first);
        assertThat(model.format()).isEqualTo(ModelFormat.GGUF);
        assertThat(model.files()).hasSize(2);
        assertThat(model.tensors()).extracting(TensorInfo::name).containsExactly("a", "b");
    }

    private Path split(int number, int count, String tensor) {
        return new Gguf()
                .number("split.no", number - 1)
                .number("split.count", count)
                .number("split.tensors.count", 2)
                .tensor(tensor, Gguf.F32, 4, 1)
                .write(folder.resolve("model-%05d-of-00002.gguf".formatted(number)));
    }

    @Test
    void aPartOfASplitGgufIsNoModel() throws IOException {
        Path first = split(1, 2, "a");
        requireRefusal(first, "model-00002-of-00002.gguf is missing");
        Path renamed = Files.copy(first, folder.resolve("model.gguf"));
        requireRefusal(renamed, "was split over 2 files, which its name does not say");
        split(2, 2, "b");
        split(1, 3, "a");
        requireRefusal(first, "was split over 3 files");
    }

    @Test
    void aSplitGgufHasAllTensorsThatItClaims() {
        Path first = new Gguf()
                .number("split.count", 2)
                .number("split.tensors.count", 3)
                .tensor("a", Gguf.F32, 4, 1)
                .write(folder.resolve("model-00001-of-00002.gguf"));
        split(2, 2, "b");
        requireRefusal(first, "is of a model of 3 tensors, of which its files have 2");
    }

    @Test
    void filesAreOfOneFormat() throws IOException {
        Path first = shard("model-00001-of-00002.safetensors", "a");
        Files.move(split(2, 2, "b"), folder.resolve("model-00002-of-00002.safetensors"));
        requireRefusal(first, "of different formats");
    }
}
