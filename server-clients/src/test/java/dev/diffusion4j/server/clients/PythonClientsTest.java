package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The clients in Python, where there are any. The interpreter is {@code python3}, or what {@code -Ddiffusion4j.test.python=} names.
 */
@Tag("native")
class PythonClientsTest extends ClientTestCase {

    private static final String PYTHON = System.getProperty("diffusion4j.test.python", "python3");
    private static final Path SCRIPTS = Path.of("src/test/python").toAbsolutePath();

    /** Why there is no such Python; empty if there is one. */
    private static String missing;

    /** How a run ended. */
    private record Outcome(int status, String output) {}

    @BeforeAll
    static void lookForPython() throws InterruptedException {
        try {
            Outcome outcome = run("-c", "import openai, webuiapi, PIL");
            missing = outcome.status() == 0 ? "" : outcome.output().lines().reduce("", (_, last) -> last);
        } catch (IOException e) {
            missing = e.getMessage();
        }
    }

    @BeforeEach
    void requirePython() {
        assumeTrue(
                missing.isEmpty(),
                () -> "needs Python with openai, webuiapi and pillow (pip install openai webuiapi pillow;"
                        + " -Ddiffusion4j.test.python= names the interpreter): " + PYTHON + ": " + missing);
    }

    private static Outcome run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(PYTHON));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("NO_PROXY", "127.0.0.1");
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    private static void assertPasses(String script) throws Exception {
        Outcome outcome = run(SCRIPTS.resolve(script).toString(), url());
        assertThat(outcome.status()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("all checks passed");
    }

    @Test
    void openAi() throws Exception {
        assertPasses("openai_client.py");

        // Each error once, though the client repeats what failed.
        await().untilAsserted(() -> {
            assertThat(answered(404)).isEqualTo(1);
            assertThat(answered(400)).isEqualTo(3);
        });
    }

    @Test
    void webUiApi() throws Exception {
        assertPasses("webui_client.py");
    }
}
