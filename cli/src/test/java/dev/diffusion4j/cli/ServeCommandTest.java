package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.cli.options.ModelArgument;
import dev.diffusion4j.cli.progress.Terminal;
import dev.diffusion4j.demo.DemoModel;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server within this process, and what is refused before there is one. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServeCommandTest {

    @TempDir
    private Path folder;

    private final Cancellation cancellation = new Cancellation();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CompletableFuture<Integer> code = new CompletableFuture<>();
    private final HttpClient client = HttpClient.newHttpClient();

    /** Starts a server, and returns the first line that it prints. */
    private String serve(Map<String, String> environment, Object... args) throws Exception {
        PipedInputStream out = new PipedInputStream(1 << 16);
        PrintStream print = new PrintStream(new PipedOutputStream(out), true, StandardCharsets.UTF_8);
        String[] line = Stream.concat(
                        Stream.of("serve", "--port", "0"), Arrays.stream(args).map(Object::toString))
                .toArray(String[]::new);
        Thread.ofPlatform().daemon().start(() -> {
            Console console = new Console(
                    InputStream.nullInputStream(),
                    print,
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    Terminal.none(),
                    cancellation);
            code.complete(Diffuse.run(line, console, environment));
            print.close();
        });
        String first = new BufferedReader(new InputStreamReader(out, StandardCharsets.UTF_8)).readLine();
        assertThat(first).as(err.toString(StandardCharsets.UTF_8)).isNotNull();
        return first;
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void theDemoModelIsServedUntilCtrlC() throws Exception {
        JsonNode started = new ObjectMapper().readTree(serve(Map.of(), "--json"));
        URI uri = URI.create(started.path("uri").asText());
        assertThat(uri.getHost()).isEqualTo("127.0.0.1");
        assertThat(uri.getPort()).isEqualTo(started.path("port").asInt());
        assertThat(started.path("models").toString()).isEqualTo("[\"demo\"]");

        // Nobody has asked for it yet.
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> send(HttpRequest.newBuilder(uri.resolve("/api/v1/status")))
                        .body()
                        .contains("\"loaded\":true"));

        HttpResponse<String> picture = send(HttpRequest.newBuilder(uri.resolve("/v1/images/generations"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"a secret\",\"steps\":1,\"seed\":1}")));
        assertThat(picture.statusCode()).as(picture.body()).isEqualTo(200);

        assertThat(cancellation.request()).isTrue();
        assertThat(code.get()).isEqualTo(ExitCode.OK);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .containsPattern("(?m)^POST /v1/images/generations 200 \\d+\\.\\d\\d s$")
                .doesNotContain("secret");
    }

    @Test
    void theKeyOfTheEnvironmentIsWanted() throws Exception {
        String first = serve(Map.of("DIFFUSION4J_API_KEY", "k3y"), "-q");
        assertThat(first).matches("serving demo on http://127\\.0\\.0\\.1:\\d+/");
        URI models = URI.create(first.substring(first.indexOf("http"))).resolve("/v1/models");
        assertThat(send(HttpRequest.newBuilder(models)).statusCode()).isEqualTo(401);
        assertThat(send(HttpRequest.newBuilder(models).header("Authorization", "Bearer k3y"))
                        .statusCode())
                .isEqualTo(200);
        cancellation.request();
        assertThat(code.get()).isEqualTo(ExitCode.OK);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void whatAShortNameBringsIsUsualForRequests() throws Exception {
        try (LoopbackHub hub = new LoopbackHub(folder)) {
            hub.addCached("demo.safetensors", DemoModel.path());
            Path catalog = folder.resolve(".config/diffusion4j/models.txt");
            Files.createDirectories(catalog.getParent());
            Files.write(
                    catalog,
                    List.of(
                            "model | mine | A model | 64x128 | 2 | 1.5 | heun | -",
                            "part | mine | model | hf:org/model/demo.safetensors | - | mit | open | verified"));
            JsonNode started = new ObjectMapper().readTree(serve(hub.environment(), "--json", "-m", "mine"));
            URI jobs = URI.create(started.path("uri").asText()).resolve("/sdapi/v1/txt2img");

            HttpResponse<String> drawn = send(HttpRequest.newBuilder(jobs)
                    .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"a circle\",\"cfg_scale\":1}")));
            assertThat(drawn.statusCode()).as(drawn.body()).isEqualTo(200);
            JsonNode info = new ObjectMapper()
                    .readTree(new ObjectMapper()
                            .readTree(drawn.body())
                            .path("info")
                            .asText());
            assertThat(info.path("steps").asInt()).isEqualTo(2);
            assertThat(info.path("cfg_scale").asDouble()).isEqualTo(1);
            assertThat(info.path("sampler_name").asText()).isEqualTo("Heun");
            assertThat(info.path("width").asInt()).isEqualTo(64);
            assertThat(info.path("height").asInt()).isEqualTo(128);

            cancellation.request();
            assertThat(code.get()).isEqualTo(ExitCode.OK);
            assertThat(err.toString(StandardCharsets.UTF_8))
                    .contains("get --width 64 --height 128 --steps 2 --cfg-scale 1.5 --sampler heun");
        }
    }

    @Test
    void otherMachinesNeedAKey() {
        Run refused = Run.diffuse("serve", "--host", "0.0.0.0", "--port", 0);
        assertThat(refused.code()).isEqualTo(ExitCode.USAGE);
        assertThat(refused.err()).contains("--host").contains("key");
    }

    @Test
    void aFileThatIsNoModelIsSaidAtOnce() throws Exception {
        Path file = Files.writeString(folder.resolve("text.safetensors"), "no model");
        assertThat(Run.diffuse("serve", "--port", 0, "-m", file).code()).isEqualTo(ExitCode.MODEL_FILE);
        assertThat(Run.diffuse("serve", "--port", 0, "-m", folder.resolve("missing.gguf"))
                        .code())
                .isEqualTo(ExitCode.MODEL_FILE);
    }

    @Test
    void aPortThatIsTakenIsSaid() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Run run = Run.diffuse("serve", "--port", taken.getLocalPort());
            assertThat(run.code()).isEqualTo(ExitCode.FAILED);
            assertThat(run.err()).contains("127.0.0.1:" + taken.getLocalPort()).hasLineCount(1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--port=70000",
                "--queue=-1",
                "--keep=-1",
                "--max-upload=0",
                "--max-steps=0",
                "--max-batch=0",
                "--max-pixels=0",
                "--memory-budget=-2",
                "--allow-origin=*",
                "--api-key=",
                "--in-process --isolated"
            })
    void optionsAreCheckedByTheNameThatWasTyped(String options) {
        Object[] line =
                Stream.concat(Stream.of("serve"), Stream.of(options.split(" "))).toArray();
        Run run = Run.diffuse(line);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).startsWith("diffuse: ").hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource({
        "sd=models/a.safetensors, sd, models/a.safetensors",
        "models/a.safetensors, a, models/a.safetensors",
        "models/my model (1).gguf, my-model--1-, models/my model (1).gguf",
        ".gguf, model, .gguf",
        "sd1.5, sd1.5, sd1.5",
        "hf:org/some.model:Q8_0, some.model-Q8_0, hf:org/some.model:Q8_0",
    })
    void aModelHasTheNameOfItsFileUnlessOneIsGiven(String text, String name, Path file) {
        assertThat(ModelArgument.parse(text)).isEqualTo(new ModelArgument(name, file));
    }

    @Test
    void aFileWhoseNameHasAnEqualsSignIsAFile() throws Exception {
        Path file = Files.writeString(folder.resolve("a=b.gguf"), "x");
        assertThat(ModelArgument.parse(file.toString())).isEqualTo(new ModelArgument("a-b", file));
    }
}
