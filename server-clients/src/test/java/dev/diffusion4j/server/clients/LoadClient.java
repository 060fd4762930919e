package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Asks for small pictures by all three surfaces, and comes again when the server says so. Used by many threads. */
final class LoadClient implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();

    private static final String PROMPT = "a red circle on a white background";

    /** As small as they can be: what counts is that they are the same each time. */
    private static final int SIDE = 64;

    private static final int STEPS = 1;

    private static final int LEFT_STEPS = 20;

    private static final int LONG_STEPS = 60;

    private static final double STRENGTH = 0.5;

    private static final String BOUNDARY = "----5d41a7";

    private final URI server;
    private final Drawing before = Drawing.blueSquare();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final AtomicInteger refusals = new AtomicInteger();

    /** What can be asked for. Within one of the two groups, all give the same picture for a seed. */
    enum Kind {
        GENERATION,
        STREAM,
        TXT2IMG,
        JOB,
        EDIT,
        IMG2IMG;

        boolean fromPicture() {
            return this == EDIT || this == IMG2IMG;
        }
    }

    LoadClient(URI server) {
        this.server = server;
    }

    /** How often the queue was full. */
    int refusals() {
        return refusals.get();
    }

    Drawing draw(Kind kind, int seed) throws Exception {
        return switch (kind) {
            case GENERATION -> {
                JsonNode answer = ok(post("/v1/images/generations", openAi(seed, STEPS)));
                yield Drawing.ofBase64(
                        answer.path("data").path(0).path("b64_json").asText());
            }
            case STREAM -> streamed(seed);
            case EDIT -> {
                JsonNode answer = ok(send(request("/v1/images/edits")
                        .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                        .POST(form(seed))));
                yield Drawing.ofBase64(
                        answer.path("data").path(0).path("b64_json").asText());
            }
            case TXT2IMG -> webUi("txt2img", webUi(seed, STEPS));
            case IMG2IMG -> {
                ObjectNode body = webUi(seed, STEPS).put("denoising_strength", STRENGTH);
                body.putArray("init_images").add(before.base64());
                yield webUi("img2img", body);
            }
            case JOB -> job(seed);
        };
    }

    private static ObjectNode openAi(int seed, int steps) {
        return common(seed, steps).put("guidance_scale", 1).put("size", SIDE + "x" + SIDE);
    }

    private static ObjectNode webUi(int seed, int steps) {
        return common(seed, steps).put("cfg_scale", 1).put("width", SIDE).put("height", SIDE);
    }

    private static ObjectNode common(int seed, int steps) {
        return JSON.createObjectNode().put("prompt", PROMPT).put("seed", seed).put("steps", steps);
    }

    private Drawing webUi(String path, ObjectNode body) throws Exception {
        JsonNode answer = ok(post("/sdapi/v1/" + path, body));
        assertThat(JSON.readTree(answer.path("info").asText()).path("seed").asInt())
                .isEqualTo(body.path("seed").asInt());
        return Drawing.ofBase64(answer.path("images").path(0).asText());
    }

    private BodyPublisher form(int seed) {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        openAi(seed, STEPS)
                .put("strength", STRENGTH)
                .properties()
                .forEach(field ->
                        part(form, field.getKey(), field.getValue().asText().getBytes(StandardCharsets.UTF_8)));
        part(form, "image", before.png());
        form.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return BodyPublishers.ofByteArray(form.toByteArray());
    }

    private static void part(ByteArrayOutputStream form, String name, byte[] content) {
        String head = "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n";
        form.writeBytes(head.getBytes(StandardCharsets.UTF_8));
        form.writeBytes(content);
        form.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }

    private Drawing streamed(int seed) throws Exception {
        ObjectNode body = openAi(seed, STEPS).put("stream", true).put("partial_images", 1);
        HttpResponse<String> response = post("/v1/images/generations", body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode last = lastEvent(response.body().lines());
        assertThat(last.path("type").asText()).as("the last event").isEqualTo("image_generation.completed");
        return Drawing.ofBase64(last.path("b64_json").asText());
    }

    private static JsonNode lastEvent(Stream<String> lines) throws IOException {
        String data = lines.filter(line -> line.startsWith("data: "))
                .reduce((_, next) -> next)
                .orElseThrow();
        return JSON.readTree(data.substring("data: ".length()));
    }

    /** By the native surface: a job, its events, its picture; half of them are removed then. */
    private Drawing job(int seed) throws Exception {
        ObjectNode body = JSON.createObjectNode().put("model", "demo");
        ObjectNode request = common(seed, STEPS).put("guidanceScale", 1);
        request.putObject("size").put("width", SIDE).put("height", SIDE);
        body.set("request", request);
        HttpResponse<String> accepted = post("/api/v1/jobs", body);
        assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
        String path =
                "/api/v1/jobs/" + JSON.readTree(accepted.body()).path("id").asText();
        HttpResponse<String> events = send(request(path + "/events"));
        JsonNode last = lastEvent(events.body().lines());
        assertThat(last.path("status").asText()).as(events.body()).isEqualTo("completed");
        HttpResponse<byte[]> file = http.send(request(path + "/images/0").build(), BodyHandlers.ofByteArray());
        assertThat(file.statusCode()).isEqualTo(200);
        if (seed % 2 == 0) {
            assertThat(send(request(path).DELETE()).statusCode()).isEqualTo(200);
        }
        return Drawing.of(file.body());
    }

    /**
     * Asks for a picture that takes long, and does something as soon as it is under way.
     *
     * @return the last event
     */
    JsonNode streamAndMeanwhile(Runnable action) throws Exception {
        ObjectNode body = openAi(1, LONG_STEPS).put("stream", true).put("partial_images", 3);
        HttpRequest.Builder request = request("/v1/images/generations").POST(BodyPublishers.ofString(body.toString()));
        HttpResponse<Stream<String>> response = untilAccepted(request, BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        boolean[] done = new boolean[1];
        return lastEvent(response.body().peek(line -> {
            if (!done[0] && line.startsWith("event: ")) {
                done[0] = true;
                action.run();
            }
        }));
    }

    /** Asks for a picture and does not wait for it: each number leaves after another time, and in another way. */
    void leave(int number) throws IOException {
        String path = number % 2 == 0 ? "/v1/images/generations" : "/sdapi/v1/txt2img";
        ObjectNode body = (number % 2 == 0 ? openAi(number, LEFT_STEPS) : webUi(number, LEFT_STEPS))
                .put("stream", number % 4 == 0);
        try (Socket socket = connect()) {
            socket.setSoTimeout(20 + number * 37 % 500);
            // Half of them without a word.
            socket.setSoLinger(number % 3 == 0, 0);
            write(
                    socket,
                    head("POST " + path, "Content-Length: " + body.toString().length()) + body);
            socket.getInputStream().read();
        } catch (SocketTimeoutException e) {
            // That is how long it waits.
        }
    }

    Socket connect() throws IOException {
        return new Socket(server.getHost(), server.getPort());
    }

    /** The head of a request that is written by hand. */
    String head(String requestLine, String... headers) {
        return requestLine + " HTTP/1.1\r\nHost: " + server.getAuthority() + "\r\n" + String.join("\r\n", headers)
                + "\r\n\r\n";
    }

    static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(server.resolve(path));
    }

    private HttpResponse<String> post(String path, ObjectNode body) throws Exception {
        return send(request(path).POST(BodyPublishers.ofString(body.toString())));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return untilAccepted(request, BodyHandlers.ofString());
    }

    private <T> HttpResponse<T> untilAccepted(HttpRequest.Builder request, HttpResponse.BodyHandler<T> handler)
            throws Exception {
        while (true) {
            HttpResponse<T> response = http.send(request.build(), handler);
            if (response.statusCode() != 429) {
                return response;
            }
            refusals.incrementAndGet();
            TimeUnit.SECONDS.sleep(
                    response.headers().firstValueAsLong("Retry-After").orElseThrow());
        }
    }

    private static JsonNode ok(HttpResponse<String> response) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    /** The value of a metric. */
    double metric(String name) throws Exception {
        String line = send(request("/metrics"))
                .body()
                .lines()
                .filter(one -> one.startsWith("diffusion4j_" + name + " "))
                .findFirst()
                .orElseThrow();
        return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
    }

    @Override
    public void close() {
        http.close();
    }
}
