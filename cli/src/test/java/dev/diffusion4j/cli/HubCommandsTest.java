package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.diffusion4j.cli.progress.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code diffuse pull} and {@code diffuse models} against a hub on this machine that has one small file. */
class HubCommandsTest {

    private static final String COMMIT = "c".repeat(40);
    private static final byte[] CONTENT = "content".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path folder;

    private HttpServer hub;

    @BeforeEach
    void startHub() throws IOException {
        hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/org/model/resolve/", HubCommandsTest::sendFile);
        hub.createContext(
                "/api/models/org/model/tree/main",
                exchange -> send(
                        exchange,
                        "[{\"type\": \"file\", \"path\": \"m-Q8_0.gguf\", \"size\": 7}]"
                                .getBytes(StandardCharsets.UTF_8)));
        hub.createContext("/", HubCommandsTest::refuse);
        hub.start();
    }

    @AfterEach
    void stopHub() {
        hub.stop(0);
    }

    private static void sendFile(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestURI().getPath().endsWith("/m-Q8_0.gguf")) {
            refuse(exchange);
            return;
        }
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
        exchange.getResponseHeaders().set("X-Linked-Etag", sha256());
        send(exchange, CONTENT);
    }

    private static void refuse(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("X-Error-Code", "EntryNotFound");
            exchange.sendResponseHeaders(404, -1);
        }
    }

    private static void send(HttpExchange exchange, byte[] bytes) throws IOException {
        try (exchange) {
            boolean isHead = exchange.getRequestMethod().equals("HEAD");
            if (isHead) {
                exchange.getResponseHeaders().set("Content-Length", String.valueOf(bytes.length));
            }
            exchange.sendResponseHeaders(200, isHead ? -1 : bytes.length);
            if (!isHead) {
                exchange.getResponseBody().write(bytes);
            }
        }
    }

    private static String sha256() {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(CONTENT));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private Run diffuse(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = new Console(
                InputStream.nullInputStream(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Terminal.none(),
                new Cancellation());
        int code = Diffuse.run(
                arguments,
                console,
                Map.of(
                        "HOME",
                        folder.toString(),
                        "HF_ENDPOINT",
                        "http://127.0.0.1:" + hub.getAddress().getPort()));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Path snapshot() {
        return folder.resolve(".cache/huggingface/hub/models--org--model/snapshots")
                .resolve(COMMIT);
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
        assertThat(pulled.out()).isEqualTo(snapshot().resolve("m-Q8_0.gguf") + System.lineSeparator());
        assertThat(pulled.err()).contains("org/model/m-Q8_0.gguf", "7 bytes to download into", "100 % of");
        assertThat(snapshot().resolve("m-Q8_0.gguf")).hasContent("content");

        hub.stop(0);
        Run offline = diffuse("pull", "hf:org/model:q8_0", "--offline", "--quiet");
        assertThat(offline.out()).isEqualTo(pulled.out());
        assertThat(offline.err()).isEmpty();

        assertThat(diffuse("models", "list").out())
                .startsWith("       7 B  org/model@" + COMMIT + " (main)  " + snapshot());
        JsonNode listed = json(diffuse("models", "list", "--json"));
        assertThat(listed).hasSize(1);
        assertThat(listed.at("/0/bytes").asLong()).isEqualTo(7);
        assertThat(listed.at("/0/refs/0").asText()).isEqualTo("main");
        assertThat(listed.at("/0/files/0/path").asText()).isEqualTo("m-Q8_0.gguf");

        Run other = diffuse("models", "remove", "org/model@v9");
        assertThat(other.code()).isEqualTo(ExitCode.USAGE);
        assertThat(other.err()).contains("org/model@v9 is not in");
        assertThat(diffuse("models", "remove", "org/model@main").out())
                .isEqualTo("Removed org/model@" + COMMIT + ", which freed 7 B." + System.lineSeparator());
        assertThat(snapshot()).doesNotExist();
        assertThat(diffuse("models", "list").out()).isEmpty();
    }

    @Test
    void aShortNameBringsAllParts() throws Exception {
        writeCatalog();
        Run run = diffuse("pull", "mine");
        assertThat(run.out().lines())
                .containsExactly(
                        "diffusion-model  " + snapshot().resolve("m-Q8_0.gguf"),
                        "vae              " + snapshot().resolve("m-Q8_0.gguf"));
        assertThat(run.err()).contains("A model; licence: mit, apache-2.0", "warning: what mine stands for");
        JsonNode json = json(diffuse("pull", "mine", "--json"));
        assertThat(json.at("/parts/vae/commit").asText()).isEqualTo(COMMIT);
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
