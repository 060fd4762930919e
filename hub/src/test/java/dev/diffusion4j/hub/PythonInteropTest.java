package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.hub.StubHub.Server;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * What one downloads the other finds: against Python's huggingface_hub itself, where there is one. The interpreter is
 * {@code python3}, or what {@code -Ddiffusion4j.test.python=} names.
 */
class PythonInteropTest extends HubTestCase {

    private static final String PYTHON = System.getProperty("diffusion4j.test.python", "python3");
    private static final Path SCRIPT = Path.of("src/test/python/hub_cache.py").toAbsolutePath();
    private static final byte[] LARGE = bytes(2_000_000);
    private static final byte[] SMALL = bytes(1000);

    /** Why there is no such Python; empty if there is one. */
    private static String missing;

    private final Map<String, String> pythonOnly = new HashMap<>();
    private String commit;

    /** How a run of the script ended. */
    private record Outcome(int status, String output) {
        List<String> lines() {
            assertThat(status).as(output).isZero();
            return output.lines().toList();
        }

        Path path() {
            return Path.of(lines().getLast());
        }
    }

    @BeforeAll
    static void lookForPython() throws InterruptedException {
        try {
            Outcome outcome = outcome(start(Map.of(), "version"));
            missing = outcome.status() == 0 ? "" : outcome.output().lines().reduce("", (_, last) -> last);
        } catch (IOException e) {
            missing = e.getMessage();
        }
    }

    @BeforeEach
    void publish() {
        assumeTrue(
                missing.isEmpty(),
                () ->
                        "needs Python with huggingface_hub (pip install huggingface_hub; -Ddiffusion4j.test.python= names the"
                                + " interpreter): " + PYTHON + ": " + missing);
        StubRepository repository = stub.repository(REPOSITORY);
        repository.add("config.json", SMALL, false);
        commit = repository.add("sub/folder/model.gguf", LARGE, true);
    }

    private static Process start(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(PYTHON, SCRIPT.toString()));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("HF_") || name.startsWith("XDG_"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static Outcome outcome(Process process) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    private Process startPython(String... arguments) throws IOException {
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_HUB_DISABLE_XET", "1");
        environment.put("HF_HUB_DISABLE_PROGRESS_BARS", "1");
        environment.put("HF_HUB_DISABLE_UPDATE_CHECK", "1");
        environment.put("HF_HUB_DISABLE_TELEMETRY", "1");
        environment.put("NO_PROXY", "127.0.0.1");
        environment.putAll(pythonOnly);
        return start(environment, arguments);
    }

    private Outcome python(String... arguments) throws Exception {
        return outcome(startPython(arguments));
    }

    private ModelHub offline() {
        return builder().offline(true).build();
    }

    private void assertPythonFindsNothingWrong() throws Exception {
        assertThat(python("scan").status()).isZero();
    }

    @Test
    void pythonFindsWhatJavaDownloaded() throws Exception {
        Path large = resolve("hf:org/model/sub/folder/model.gguf");
        Path small = resolve("hf:org/model/config.json");
        stub.forgetRequests();
        assertThat(python("find", REPOSITORY, "main", "sub/folder/model.gguf").path())
                .isEqualTo(large);
        assertThat(python("find", REPOSITORY, commit, "sub/folder/model.gguf").path())
                .isEqualTo(large);
        assertThat(python("find", REPOSITORY, "main", "config.json").path()).isEqualTo(small);
        assertThat(python("find-snapshot", REPOSITORY).path()).isEqualTo(small.getParent());
        assertThat(python("scan").lines()).containsExactly(REPOSITORY + " " + commit + " main 2001000 2");
        assertThat(stub.requests()).isEmpty();
        // Asked online, it takes what is there.
        assertThat(python("download", REPOSITORY, "sub/folder/model.gguf").path())
                .isEqualTo(large);
        assertThat(stub.requests("GET")).isEmpty();
    }

    @Test
    void javaFindsWhatPythonDownloaded() throws Exception {
        Path large = python("download", REPOSITORY, "sub/folder/model.gguf").path();
        Path small = python("download", REPOSITORY, "config.json").path();
        stub.forgetRequests();
        assertThat(resolve(offline(), "hf:org/model/sub/folder/model.gguf"))
                .isEqualTo(large)
                .hasBinaryContent(LARGE);
        assertThat(resolve(offline(), "hf:org/model@" + commit + "/config.json"))
                .isEqualTo(small);
        assertThat(resolve(offline(), "hf:org/model")).isEqualTo(large);
        assertThat(ModelCache.in(cache()).revisions()).singleElement().satisfies(revision -> {
            assertThat(revision.refs()).containsExactly("main");
            assertThat(revision.bytes()).isEqualTo(2_001_000);
        });
        assertThat(stub.requests()).isEmpty();
        assertThat(resolve("hf:org/model/sub/folder/model.gguf")).isEqualTo(large);
        assertThat(stub.requests("GET")).isEmpty();
    }

    @Test
    void javaRemovesWhatPythonDownloaded() throws Exception {
        python("snapshot", REPOSITORY).path();
        ModelCache cache = ModelCache.in(cache());
        cache.revisions().forEach(cache::remove);
        assertThat(repositoryFolder().path()).doesNotExist();
        assertThat(python("scan").lines()).isEmpty();
    }

    @Test
    void whatJavaLeavesHalfDoneIsNotInPythonsWay() throws Exception {
        stub.always(Server.CDN, "GET", "/cdn/", StubHub.cutAfter(0));
        stub.next(Server.CDN, "GET", "/cdn/", StubHub.cutAfter(1_000_000));
        failure(HubUnavailableException.class, "hf:org/model/sub/folder/model.gguf");
        stub.behave();
        resolve("hf:org/model/config.json");
        assertPythonFindsNothingWrong();
        assertThat(python("download", REPOSITORY, "sub/folder/model.gguf").path())
                .hasBinaryContent(LARGE);
        assertPythonFindsNothingWrong();
        assertThat(resolve(offline(), "hf:org/model/sub/folder/model.gguf")).hasBinaryContent(LARGE);
    }

    @Test
    void withoutLinksEitherFindsWhatTheOtherMade() throws Exception {
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("HF_HUB_DISABLE_SYMLINKS", "1");
        pythonOnly.put("HF_HUB_DISABLE_SYMLINKS", "1");
        Path java = resolve(builder(environment).build(), "hf:org/model/sub/folder/model.gguf");
        assertThat(python("find", REPOSITORY, "main", "sub/folder/model.gguf").path())
                .isEqualTo(java);
        Path python = python("download", REPOSITORY, "config.json").path();
        assertThat(Files.isSymbolicLink(python)).isFalse();
        assertThat(resolve(offline(), "hf:org/model/config.json")).isEqualTo(python);
        assertPythonFindsNothingWrong();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void bothMayDownloadAtOnce() throws Exception {
        // Neither gets its content before the other has asked for it: on Linux their locks do not see each other.
        CyclicBarrier together = new CyclicBarrier(2);
        for (int i = 0; i < 2; i++) {
            stub.next(Server.CDN, "GET", "/cdn/", (exchange, truth) -> {
                try {
                    together.await();
                } catch (Exception e) {
                    throw new IOException(e);
                }
                StubHub.send(exchange, truth);
            });
        }
        Process process = startPython("download", REPOSITORY, "sub/folder/model.gguf");
        Path java = resolve(
                builder()
                        .stallTimeout(Duration.ofMinutes(1))
                        .answerTimeout(Duration.ofMinutes(1))
                        .build(),
                "hf:org/model/sub/folder/model.gguf");
        assertThat(outcome(process).path()).isEqualTo(java).hasBinaryContent(LARGE);
        assertThat(blobs()).containsExactly(StubRepository.sha256(LARGE));
        assertPythonFindsNothingWrong();
    }
}
