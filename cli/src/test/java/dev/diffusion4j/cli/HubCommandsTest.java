package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code diffuse pull} and {@code diffuse models} against a hub on this machine that has one small file. */
class HubCommandsTest {

    @TempDir
    private Path folder;

    private LoopbackHub hub;

    @BeforeEach
    void startHub() throws IOException {
        hub = new LoopbackHub(folder);
        hub.add("m-Q8_0.gguf", Files.writeString(folder.resolve("content"), "content"));
    }

    @AfterEach
    void stopHub() throws IOException {
        hub.close();
    }

    private Run diffuse(Object... arguments) {
        return Run.diffuse(hub.environment(), "", new Cancellation(), arguments);
    }

    private void writeCatalog() throws IOException {
        Path file = folder.resolve(".config/diffusion4j/models.txt");
        Files.createDirectories(file.getParent());
        Files.writeString(file, """
                model | mine | A model | 64x32 | 5 | 1.5 | euler | -
                part | mine | diffusion-model | hf:org/model | - | mit | open | verified
                part | mine | vae | hf:org/model/m-Q8_0.gguf | - | apache-2.0 | gated | unverified
                """);
    }

    private static JsonNode json(Run run) throws IOException {
        assertThat(run.code()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }

    @Test
    void aModelIsPulledListedAndRemoved() throws Exception {
        Run pulled = diffuse("pull", "hf:org/model:q8_0");
        assertThat(pulled.code()).as(pulled.err()).isZero();
        assertThat(pulled.out()).isEqualTo(hub.snapshot().resolve("m-Q8_0.gguf") + System.lineSeparator());
        assertThat(pulled.err()).contains("org/model/m-Q8_0.gguf", "7 bytes to download into", "100 % of");
        assertThat(hub.snapshot().resolve("m-Q8_0.gguf")).hasContent("content");

        hub.stop();
        Run offline = diffuse("pull", "hf:org/model:q8_0", "--offline", "--quiet");
        assertThat(offline.out()).isEqualTo(pulled.out());
        assertThat(offline.err()).isEmpty();

        assertThat(diffuse("models", "list").out())
                .startsWith("       7 B  org/model@" + LoopbackHub.COMMIT + " (main)  " + hub.snapshot());
        JsonNode listed = json(diffuse("models", "list", "--json"));
        assertThat(listed).hasSize(1);
        assertThat(listed.at("/0/bytes").asLong()).isEqualTo(7);
        assertThat(listed.at("/0/refs/0").asText()).isEqualTo("main");
        assertThat(listed.at("/0/files/0/path").asText()).isEqualTo("m-Q8_0.gguf");

        Run other = diffuse("models", "remove", "org/model@v9");
        assertThat(other.code()).isEqualTo(ExitCode.USAGE);
        assertThat(other.err()).contains("org/model@v9 is not in");
        assertThat(diffuse("models", "remove", "org/model@main").out())
                .isEqualTo("Removed org/model@" + LoopbackHub.COMMIT + ", which freed 7 B." + System.lineSeparator());
        assertThat(hub.snapshot()).doesNotExist();
        assertThat(diffuse("models", "list").out()).isEmpty();
    }

    @Test
    void aShortNameBringsAllParts() throws Exception {
        writeCatalog();
        Run run = diffuse("pull", "mine");
        assertThat(run.out().lines())
                .containsExactly(
                        "diffusion-model  " + hub.snapshot().resolve("m-Q8_0.gguf"),
                        "vae              " + hub.snapshot().resolve("m-Q8_0.gguf"));
        assertThat(run.err()).contains("A model; licence: mit, apache-2.0", "warning: what mine stands for");
        JsonNode json = json(diffuse("pull", "mine", "--json"));
        assertThat(json.at("/parts/vae/commit").asText()).isEqualTo(LoopbackHub.COMMIT);
        assertThat(json.at("/parts/vae/files")).hasSize(1);
        assertThat(json.at("/defaults/width").asInt()).isEqualTo(64);
        assertThat(json.at("/defaults/sampler").asText()).isEqualTo("euler");
    }

    @Test
    void namesAreListed() throws Exception {
        writeCatalog();
        Run run = diffuse("models", "names");
        assertThat(run.out().lines())
                .anySatisfy(line -> assertThat(line).matches("mine +A model, gated, unverified"))
                .anySatisfy(line -> assertThat(line).startsWith("sd1.5 "));
        JsonNode mine = json(diffuse("models", "names", "--json")).get(4);
        assertThat(mine.path("name").asText()).isEqualTo("mine");
        assertThat(mine.at("/parts/0/reference").asText()).isEqualTo("hf:org/model");
    }

    @Test
    void whatCannotBePulledIsSaidInOneLine() throws Exception {
        assertRefused(diffuse("pull", "sdxl-trubo"), ExitCode.USAGE, "did you mean sdxl-turbo?");
        assertRefused(diffuse("pull", "hf:model"), ExitCode.USAGE, "names no repository");
        assertRefused(diffuse("pull", "hf:org/model:Q4_0"), ExitCode.USAGE, "it has Q8_0");
        assertRefused(diffuse("pull", "hf:org/model/none"), ExitCode.MODEL_FILE, "the hub has no file org/model/none");
        assertRefused(diffuse("pull", "hf:org/model", "--offline"), ExitCode.MODEL_FILE, "no request may be sent");
    }

    private static void assertRefused(Run run, int code, String message) {
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("diffuse: ")
                .contains(message);
        assertThat(run.code()).isEqualTo(code);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void aSingleFileCannotBeRemoved() throws Exception {
        Run run = diffuse("models", "remove", "org/model/m-Q8_0.gguf");
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("only commits");
        assertThat(diffuse("models").code()).isEqualTo(ExitCode.USAGE);
    }
}
