package com.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** DevTools restarts the application when one of its classes changes: it draws before that and after. */
@Timeout(300)
class DevToolsTest {

    private static final Pattern STARTED = Pattern.compile("Tomcat started on port (\\d+)");

    @Test
    void itDrawsAfterARestart() throws Exception {
        Process application = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PageApplication.class.getName(),
                        "--server.port=0",
                        "--diffusion4j.image.steps=2",
                        "--diffusion4j.isolated=false",
                        "--spring.devtools.livereload.enabled=false",
                        "--spring.devtools.restart.poll-interval=300ms",
                        "--spring.devtools.restart.quiet-period=200ms"))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader log = application.inputReader(StandardCharsets.UTF_8)) {
            assertThat(draw(port(log))).contains("event:picture");

            Path changed = Path.of(PageApplication.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI())
                    .resolve("com/example/DrawController.class");
            Files.setLastModifiedTime(
                    changed, FileTime.fromMillis(Files.getLastModifiedTime(changed).toMillis() + 5000));

            assertThat(draw(port(log))).contains("event:picture");
        } finally {
            application.destroy();
            application.waitFor();
        }
    }

    /** Reads the log until a server has started. */
    private static String port(BufferedReader log) throws IOException {
        StringBuilder read = new StringBuilder();
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            Matcher started = STARTED.matcher(line);
            if (started.find()) {
                return started.group(1);
            }
            read.append(line).append('\n');
        }
        throw new AssertionError("it has ended:\n" + read);
    }

    private static String draw(String port) throws IOException, InterruptedException {
        try (HttpClient browser = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + port + "/draw?prompt=a+red+circle");
            return browser.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                    .body();
        }
    }
}
