package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What hostile or clumsy clients send. */
class SecurityTest extends ServerTestCase {

    private static final String GENERATIONS = "/v1/images/generations";

    private String withHost(String host) throws IOException {
        return raw("GET /v1/models HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "localhost:7860", "127.0.0.1:1", "LocalHost", "[::1]:7860"})
    void thisMachinesNamesAreAnswered(String host) throws Exception {
        assertThat(withHost(host)).startsWith("HTTP/1.1 200 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:7860",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "10.0.0.1"
            })
    void aNameThatAnotherSiteLetsPointHereIsNot(String host) throws Exception {
        assertThat(withHost(host)).startsWith("HTTP/1.1 403 ").contains("host_refused");
    }

    @Test
    void aRequestWithoutAHostIsRefused() throws Exception {
        assertThat(raw("GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(raw("GET /v1/models HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 400 ");
    }

    private HttpResponse<String> from(String origin) throws Exception {
        return send(posting(GENERATIONS, "{\"prompt\":\"a\"}").header("Origin", origin));
    }

    @Test
    void thePageItselfMayAsk() throws Exception {
        assertThat(from("http://127.0.0.1:" + server.port()).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example", "http://127.0.0.1:1", "null", "http://localhost"})
    void aPageOfAnotherSiteMayNot(String origin) throws Exception {
        HttpResponse<String> response = from(origin);
        assertThat(response.statusCode()).isEqualTo(403);
        assertThat(response.headers().map()).doesNotContainKey("access-control-allow-origin");
        assertThat(model.requests()).isEmpty();
        assertThat(send(request("/v1/models").header("Sec-Fetch-Site", "cross-site"))
                        .statusCode())
                .isEqualTo(403);
        assertThat(send(request("/").header("Sec-Fetch-Site", "cross-site")).statusCode())
                .isEqualTo(200);
    }

    @Test
    void aSiteThatIsAllowedMayReadTheAnswer() throws Exception {
        restart(builder().allowOrigin("https://app.example"));
        HttpResponse<String> answer = from("https://app.example");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).contains("https://app.example");
        HttpResponse<String> preflight = send(request(GENERATIONS)
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Origin", "https://app.example"));
        assertThat(preflight.statusCode()).isEqualTo(204);
        assertThat(preflight
                        .headers()
                        .firstValue("Access-Control-Allow-Headers")
                        .orElseThrow())
                .contains("Authorization");
        assertThat(from("https://other.example").statusCode()).isEqualTo(403);
    }

    private HttpResponse<String> withAuthorization(String path, String value) throws Exception {
        return send(request(path).header("Authorization", value));
    }

    @Test
    void withAKeyNothingIsAnsweredWithoutIt() throws Exception {
        restart(builder().apiKey("s3cret"));
        for (String path : new String[] {"/v1/models", "/api/v1/status", "/sdapi/v1/options", "/metrics", "/nothing"}) {
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(401);
            assertThat(response.body()).doesNotContain("s3cret");
        }
        assertThat(json(get("/v1/models")).path("error").path("type").asText()).isEqualTo("authentication_error");
        assertThat(post(GENERATIONS, "{\"prompt\":\"a\"}").statusCode()).isEqualTo(401);
        assertThat(get("/").statusCode()).isEqualTo(200);
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        assertThat(withAuthorization("/v1/models", "Bearer s3cret").statusCode())
                .isEqualTo(200);
        assertThat(withAuthorization("/v1/models", "bearer  s3cret").statusCode())
                .isEqualTo(200);
        assertThat(withAuthorization("/sdapi/v1/options", basic("anybody:s3cret"))
                        .statusCode())
                .isEqualTo(200);
    }

    private static String basic(String pair) {
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "s3cret", "Basic s3cret", "Digest s3cret"
            })
    void anotherKeyIsNone(String value) throws Exception {
        restart(builder().apiKey("s3cret"));
        assertThat(withAuthorization("/v1/models", value).statusCode()).isEqualTo(401);
        assertThat(withAuthorization("/v1/models", basic("s3cret:no")).statusCode())
                .isEqualTo(401);
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedWhetherItsLengthIsSaidOrNot() throws Exception {
        restart(builder().maxUpload(100_000));
        String large = "{\"prompt\":\"" + "a".repeat(200_000) + "\"}";
        String announced = raw("POST " + GENERATIONS + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Length: 1000000000\r\n\r\n");
        assertThat(announced).startsWith("HTTP/1.1 413 ").contains("request_too_large");
        HttpResponse<String> chunked = send(request(GENERATIONS)
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8)))));
        assertThat(chunked.statusCode()).isEqualTo(413);
        assertThat(post(GENERATIONS, "{\"prompt\":\"a\"}").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                    {"prompt":
                    {"prompt":"a"} more
                    [1,2]
                    "text"
                    nothing
                    {"prompt":"a","prompt":"b"}
                    {"prompt":"\\u0000"}
                    """)
    void whatIsNoJsonIsRefused(String body) throws Exception {
        assertThat(post(GENERATIONS, body).statusCode()).isEqualTo(400);
        assertThat(post("/api/v1/jobs", body).statusCode()).isEqualTo(400);
        assertThat(post("/sdapi/v1/txt2img", body).statusCode()).isIn(400, 422);
    }

    @Test
    void jsonThatIsTooDeepIsRefused() throws Exception {
        HttpResponse<String> response =
                post(GENERATIONS, "{\"prompt\":\"a\",\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(post(GENERATIONS, "{\"prompt\":\"a\",\"n\":" + "9".repeat(100_000) + "}")
                        .statusCode())
                .isEqualTo(400);
    }

    /** A PNG file that says it is very large, and is: its pixels are all the same, which takes no room. */
    private static byte[] bomb(int side) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(file);
        out.writeLong(0x89504E470D0A1A0AL);
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(head);
        fields.writeInt(side);
        fields.writeInt(side);
        fields.write(new byte[] {1, 0, 0, 0, 0});
        chunk(out, "IHDR", head.toByteArray());
        ByteArrayOutputStream pixels = new ByteArrayOutputStream();
        try (OutputStream deflater = new DeflaterOutputStream(pixels)) {
            byte[] row = new byte[side / 8 + 1];
            for (int y = 0; y < side; y++) {
                deflater.write(row);
            }
        }
        chunk(out, "IDAT", pixels.toByteArray());
        chunk(out, "IEND", new byte[0]);
        return file.toByteArray();
    }

    private static void chunk(DataOutputStream out, String name, byte[] data) throws IOException {
        byte[] type = name.getBytes(StandardCharsets.US_ASCII);
        out.writeInt(data.length);
        out.write(type);
        out.write(data);
        CRC32 crc = new CRC32();
        crc.update(type);
        crc.update(data);
        out.writeInt((int) crc.getValue());
    }

    @Test
    void aPictureThatIsMuchLargerThanItsFileIsNotDecoded() throws Exception {
        byte[] bomb = bomb(16_000);
        assertThat(bomb.length).isLessThan(200_000);
        String text = "\"data:image/png;base64," + base64(bomb) + "\"";
        String[] answers = {
            postForm(
                            "/v1/images/edits",
                            new FormBody()
                                    .text("prompt", "a")
                                    .file("image", bomb)
                                    .end())
                    .body(),
            post("/sdapi/v1/img2img", "{\"init_images\":[" + text + "]}").body(),
            post("/sdapi/v1/extra-single-image", "{\"image\":" + text + "}").body(),
            post("/api/v1/jobs", "{\"request\":{\"prompt\":\"a\",\"initImage\":{\"picture\":" + text + "}}}")
                    .body(),
            post("/api/v1/jobs", "{\"request\":{\"prompt\":\"a\",\"references\":{\"pictures\":[" + text + "]}}}")
                    .body(),
            post("/api/v1/jobs", "{\"request\":{\"prompt\":\"a\",\"identity\":{\"pictures\":[" + text + "]}}}")
                    .body(),
        };
        assertThat(answers).allSatisfy(answer -> assertThat(answer).contains("16000x16000"));
        assertThat(model.requests()).isEmpty();
    }

    @Test
    void aPictureThatIsCutOffIsRefused() throws Exception {
        BufferedImage noise = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        noise.setRGB(3, 3, 0x123456);
        byte[] file = png(noise);
        byte[] half = java.util.Arrays.copyOf(file, file.length / 2);
        assertThat(postForm(
                                "/v1/images/edits",
                                new FormBody()
                                        .text("prompt", "a")
                                        .file("image", half)
                                        .end())
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void aClientThatSendsItsHeadByteByByteIsCutOff() throws Exception {
        restart(builder().requestTimeouts(Duration.ofMillis(400), Duration.ofMinutes(1)));
        try (Socket socket = connect()) {
            socket.getOutputStream().write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n".getBytes("UTF-8"));
            assertThat(endOf(socket)).isTrue();
        }
        try (Socket silent = connect()) {
            assertThat(endOf(silent)).isTrue();
        }
        // As is one that does not go on after an answer.
        try (Socket idle = connect()) {
            idle.getOutputStream().write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes("UTF-8"));
            assertThat(new String(idle.getInputStream().readAllBytes(), "UTF-8"))
                    .startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void aClientThatStopsInItsBodyIsCutOff() throws Exception {
        restart(builder().requestTimeouts(Duration.ofMinutes(1), Duration.ofMillis(400)));
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write(("POST " + GENERATIONS
                                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"prompt\"")
                            .getBytes("UTF-8"));
            assertThat(endOf(socket)).isTrue();
        }
        await(() -> finished.stream().anyMatch(one -> one.status() == 499));
        assertThat(model.requests()).isEmpty();
    }

    /** Whether the server ends the connection. */
    private static boolean endOf(Socket socket) {
        try {
            return socket.getInputStream().readAllBytes().length >= 0;
        } catch (IOException e) {
            return !(e instanceof java.net.SocketTimeoutException);
        }
    }

    @Test
    void aJobMayTakeLongerThanARequestMay() throws Exception {
        restart(builder().requestTimeouts(Duration.ofMillis(300), Duration.ofMillis(300)));
        model.hold();
        var answer = client.sendAsync(
                posting(GENERATIONS, "{\"prompt\":\"a\"}").build(), HttpResponse.BodyHandlers.ofString());
        model.awaitBegin();
        long until = System.nanoTime() + Duration.ofMillis(900).toNanos();
        await(() -> System.nanoTime() - until > 0);
        model.release();
        assertThat(answer.get().statusCode()).isEqualTo(200);
    }

    @Test
    void aHeadThatIsTooLargeOrNoneIsRefused() throws Exception {
        assertThat(raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "a".repeat(100_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ");
        assertThat(raw("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400 ").contains("\"error\"");
        assertThat(raw("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
        assertThat(raw("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../etc/passwd",
                "/%2e%2e/etc/passwd",
                "/api/v1/jobs/..%2f..%2fetc",
                "/v1//models",
                "/v1/models/a%00b"
            })
    void pathsThatLeadElsewhereLeadNowhere(String path) throws Exception {
        assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .matches("(?s)HTTP/1.1 (400|404) .*");
    }

    @Test
    void otherMethodsAreRefusedWithThoseThatThereAre() throws Exception {
        HttpResponse<String> response = get(GENERATIONS);
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).contains("POST");
        assertThat(get("/v2/other").statusCode()).isEqualTo(404);
    }

    @Test
    void thePageRunsNoOtherScriptsAndIsNotFramed() throws Exception {
        HttpResponse<String> page = get("/");
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy).contains("default-src 'none'", "frame-ancestors 'none'", "connect-src 'self'");
        assertThat(policy.replaceFirst(".*script-src ([^;]*);.*", "$1")).doesNotContain("unsafe");
        assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(page.headers().firstValue("Referrer-Policy")).contains("no-referrer");
        assertThat(page.headers().firstValue("X-Frame-Options")).contains("DENY");
        assertThat(page.headers().firstValue("Server")).isEmpty();
    }

    @Test
    void theLogHasNothingThatAClientMadeUp() throws Exception {
        post(GENERATIONS, "{\"prompt\":\"a secret\"}");
        get("/secret");
        get("/v1/models/secret?secret");
        await(() -> finished.size() == 3);
        assertThat(finished.toString()).doesNotContain("secret");
        assertThat(finished).extracting(FinishedRequest::route).contains(GENERATIONS, "/v1/models/{id}");
    }

    @Test
    void messagesDoNotTellTheServersFolders(@org.junit.jupiter.api.io.TempDir java.nio.file.Path folder)
            throws Exception {
        java.nio.file.Path loras = java.nio.file.Files.createDirectories(folder.resolve("private"));
        restart(builder().loraFolder(loras));
        model.failWith(() -> new dev.diffusion4j.error.ModelFileException(loras.resolve("ink.gguf") + " is damaged"));
        HttpResponse<String> response = post(GENERATIONS, "{\"prompt\":\"a\"}");
        assertThat(response.body()).contains("ink.gguf is damaged").doesNotContain("private");
    }
}
