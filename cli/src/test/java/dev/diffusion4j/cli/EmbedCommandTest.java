package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.tensor.NpyFile;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.Tokens;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code embed} with the demo model's text encoder. */
class EmbedCommandTest {

    private static final String TEXT = "a (red:1.3) circle";

    @TempDir
    private Path folder;

    @Test
    void writesWhatTheUnetSees() throws IOException {
        Path file = folder.resolve("x.npy");
        Run run = Run.diffuse("embed", TEXT, "-q", "-o", file);
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out().lines())
                .hasSize(4)
                .startsWith(file.toString())
                .anySatisfy(line -> assertThat(line).matches("  shape +1x77x768"))
                .anySatisfy(line -> assertThat(line).matches("  mean +-?\\d+\\.\\d{6}"))
                .anySatisfy(line -> assertThat(line).matches("  standard deviation +\\d+\\.\\d{6}"));
        assertThat(values(file))
                .isEqualTo(fromLibrary(model -> model.encodePrompt(TEXT).context()));
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void tellsOfItInJson() throws IOException {
        Path file = folder.resolve("x.npy");
        JsonNode json = new ObjectMapper()
                .readTree(Run.diffuse("embed", TEXT, "--json", "-o", file).out());
        assertThat(json.path("file").asText()).isEqualTo(file.toString());
        assertThat(json.path("shape").toString()).isEqualTo("[1,77,768]");
        assertThat(json.path("mean").isDouble()).isTrue();
        assertThat(json.path("standardDeviation").asDouble()).isPositive();
    }

    @Test
    void aLongTextFillsSeveralChunks() {
        Run run = Run.diffuse("red ".repeat(100), new Cancellation(), "embed", "-", "-o", folder.resolve("x.npy"));
        assertThat(run.out()).containsPattern("shape +1x154x768\\R");
    }

    @Test
    void writesTheOtherStages() {
        assertThat(embed("--pooled"))
                .hasSize(768)
                .isEqualTo(fromLibrary(model -> model.textEncoder().pooled(tokens(model))));
        assertThat(embed("--input"))
                .isEqualTo(fromLibrary(model -> model.textEncoder().inputEmbeddings(tokens(model))));
        assertThat(embed("--raw"))
                .isEqualTo(fromLibrary(model -> model.textEncoder().hiddenState(tokens(model), 1, false)));
        assertThat(embed("--raw", "--clip-skip", 12))
                .isEqualTo(fromLibrary(model -> model.textEncoder().hiddenState(tokens(model), 12, false)));
        assertThat(embed("--clip-skip", 12))
                .isEqualTo(fromLibrary(model ->
                        model.encodePrompt(TEXT, 12, model.nativeSize()).context()))
                .isNotEqualTo(embed());
    }

    @Test
    void knowsTextualInversions() throws IOException {
        Path file = inversion();
        assertThat(Run.diffuse("embed", "a sks circle", "--input", "--embedding", "sks=" + file, "-o", output())
                        .code())
                .isZero();
        float[] with = values(output());
        Run.diffuse("embed", "a sks circle", "--input", "-o", output());
        assertThat(with).isNotEqualTo(values(output()));
        // Position 2 holds the vector of ones, with the position's own embedding added.
        float[] positions = fromLibrary(model -> model.textEncoder().positionEmbeddings());
        assertThat(with[2 * 768 + 5]).isEqualTo(positions[2 * 768 + 5] + 1);
    }

    @Test
    void refusesWhatMakesNoSense() {
        String together = "--pooled, --input and --raw must be given one at a time, not together";
        assertFailure(Run.diffuse("embed", "x", "-o", output(), "--pooled", "--raw"), together);
        assertFailure(Run.diffuse("embed", "x", "-o", output(), "--input", "--raw"), together);
        assertFailure(Run.diffuse("embed", "x", "-o", output(), "--pooled", "--input"), together);
        assertFailure(
                Run.diffuse("embed", "x", "-o", output(), "--pooled", "--clip-skip", 2),
                "--clip-skip must be given where a layer is chosen, not with --pooled");
        assertFailure(
                Run.diffuse("embed", "x", "-o", output(), "--clip-skip", 13),
                "--clip-skip must be from 1 to 12, not 13");
        assertFailure(
                Run.diffuse("embed", "x", "-o", output(), "--raw", "--clip-skip", 0),
                "--clip-skip must be from 1 to 12, not 0");
        assertFailure(
                Run.diffuse("embed", "red ".repeat(76), "-o", output(), "--input"),
                "TEXT must be at most 75 tokens with --pooled, --input and --raw, not 76 tokens");
        assertFailure(
                Run.diffuse("x".repeat(100_001), new Cancellation(), "embed", "-", "-o", output()),
                "TEXT must be at most 100000 characters");
        assertFailure(Run.diffuse("embed", "x", "-o", folder.resolve("x.txt")), "must be one that ends in .npy");
        assertThat(output()).doesNotExist();
    }

    private Path output() {
        return folder.resolve("x.npy");
    }

    private float[] embed(Object... options) {
        Object[] args = new Object[options.length + 4];
        args[0] = "embed";
        args[1] = TEXT;
        args[2] = "-o";
        args[3] = output();
        System.arraycopy(options, 0, args, 4, options.length);
        assertThat(Run.diffuse(args).code()).isZero();
        return values(output());
    }

    private static Tokens tokens(DiffusionModel model) {
        return model.tokenizer().encode(TEXT);
    }

    private static float[] fromLibrary(Function<DiffusionModel, Tensor> part) {
        try (DiffusionModel model = DiffusionModel.open(DemoModel.path());
                Tensor tensor = part.apply(model)) {
            return tensor.toArray();
        }
    }

    private static float[] values(Path file) {
        try (Tensor tensor = NpyFile.read(file)) {
            return tensor.toArray();
        }
    }

    /** One vector of ones. */
    private Path inversion() throws IOException {
        byte[] header = "{\"emb_params\":{\"dtype\":\"F32\",\"shape\":[1,768],\"data_offsets\":[0,3072]}}"
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer content = ByteBuffer.allocate(8 + header.length + 3072).order(ByteOrder.LITTLE_ENDIAN);
        content.putLong(header.length).put(header);
        while (content.hasRemaining()) {
            content.putFloat(1);
        }
        return Files.write(folder.resolve("sks.safetensors"), content.array());
    }

    private static void assertFailure(Run run, String message) {
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: ")
                .contains(message);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
    }
}
