package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.modelfile.ModelFamily;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A server over a model without native code, and a client of it. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ServerTestCase {

    static final ObjectMapper JSON = new ObjectMapper();

    /** Kept, or its level would be forgotten. */
    private static final Logger HTTP_LOG = Logger.getLogger("org.eclipse.jetty");

    final FakeModel model = new FakeModel();
    final List<FinishedRequest> finished = new CopyOnWriteArrayList<>();
    final HttpClient client = HttpClient.newHttpClient();
    DiffusionServer server;

    @BeforeEach
    void startServer() {
        HTTP_LOG.setLevel(Level.WARNING);
        server = builder().start();
    }

    @AfterEach
    void stopServer() {
        server.close();
        client.close();
    }

    /** What a class of tests wants otherwise. */
    DiffusionServerBuilder builder() {
        return DiffusionServer.builder()
                .model("fake", ModelFamily.SD1, 100, () -> model)
                .port(0)
                .onRequest(finished::add);
    }

    void restart(DiffusionServerBuilder builder) {
        server.close();
        server = builder.start();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(server.uri().resolve(path));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws Exception {
        return send(request(path));
    }

    HttpResponse<String> post(String path, String json) throws Exception {
        return send(posting(path, json));
    }

    HttpRequest.Builder posting(String path, String json) {
        return request(path).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json));
    }

    static JsonNode json(HttpResponse<String> response) throws IOException {
        return JSON.readTree(response.body());
    }

    JsonNode ok(HttpResponse<String> response) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json(response);
    }

    static BufferedImage picture(JsonNode base64) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(base64.asText())));
    }

    static byte[] png(BufferedImage image) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    static byte[] png(int width, int height) throws IOException {
        return png(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB));
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Waits for something that other threads do. */
    static void await(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; !condition.getAsBoolean(); i++) {
            assertThat(i).as("it did not happen in time").isLessThan(2000);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    /** A connection of its own, for what no client sends. */
    Socket connect() throws IOException {
        Socket socket = new Socket(URI.create(server.uri().toString()).getHost(), server.port());
        socket.setSoTimeout(30_000);
        return socket;
    }

    /** Sends a text as it is, and reads all until the server closes. */
    String raw(String text) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The value of a metric. */
    double metric(String name) throws Exception {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("diffusion4j_" + name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** A form's body. */
    static final class FormBody {

        static final String BOUNDARY = "----8f3a2b";
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        FormBody text(String name, String value) {
            return part(
                    "Content-Disposition: form-data; name=\"" + name + "\"", value.getBytes(StandardCharsets.UTF_8));
        }

        FormBody file(String name, byte[] content) {
            return part(
                    "Content-Disposition: form-data; name=\"" + name
                            + "\"; filename=\"a.png\"\r\nContent-Type: image/png",
                    content);
        }

        FormBody part(String head, byte[] content) {
            bytes.writeBytes(("--" + BOUNDARY + "\r\n" + head + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            bytes.writeBytes(content);
            bytes.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
            return this;
        }

        byte[] end() {
            bytes.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
            return bytes.toByteArray();
        }
    }

    HttpResponse<String> postForm(String path, byte[] body) throws Exception {
        return send(request(path)
                .header("Content-Type", "multipart/form-data; boundary=" + FormBody.BOUNDARY)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** An event of a stream. */
    record Event(String name, JsonNode data) {}

    static List<Event> events(String stream) throws IOException {
        List<Event> events = new ArrayList<>();
        for (String block : stream.split("\n\n")) {
            if (block.isBlank() || block.startsWith(":")) {
                continue;
            }
            String[] lines = block.split("\n");
            assertThat(lines[0]).startsWith("event: ");
            assertThat(lines[1]).startsWith("data: ");
            events.add(new Event(lines[0].substring(7), JSON.readTree(lines[1].substring(6))));
        }
        return events;
    }
}
