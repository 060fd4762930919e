package dev.diffusion4j.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/** What no client should send, and how it is to be answered. Used by many threads. */
final class HostileClient {

    private static final String GENERATIONS = "/v1/images/generations";

    /** More than the server decodes, in a file that is small. */
    private static final int BOMB_SIDE = 12_000;

    private final LoadClient client;
    private final long maxUpload;
    private final String bomb =
            new Drawing(new BufferedImage(BOMB_SIDE, BOMB_SIDE, BufferedImage.TYPE_BYTE_BINARY)).base64();

    /**
     * @param maxUpload what the server accepts, in bytes
     */
    HostileClient(LoadClient client, long maxUpload) {
        this.client = client;
        this.maxUpload = maxUpload;
    }

    /** One of four pairs, by the number. */
    void attack(int number) throws Exception {
        switch (number % 4) {
            case 0 -> {
                assertStatus(400, post(GENERATIONS, "{\"prompt\": \"a\", \"n\": "));
                sendBomb();
            }
            case 1 -> {
                assertRaw(413, client.head("POST " + GENERATIONS, "Content-Length: " + (maxUpload + 1)));
                sendSlowly();
            }
            case 2 -> {
                badForm();
                assertRaw(403, "GET /v1/models HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
            }
            default -> {
                sendTooMuch();
                assertStatus(
                        403,
                        client.send(client.request("/sdapi/v1/txt2img")
                                .header("Origin", "https://other.example")
                                .POST(BodyPublishers.ofString("{}"))));
            }
        }
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return client.send(client.request(path).POST(BodyPublishers.ofString(body)));
    }

    private static void assertStatus(int status, HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    }

    private void assertRaw(int status, String request) throws IOException {
        try (Socket socket = client.connect()) {
            LoadClient.write(socket, request);
            assertThat(firstLine(socket)).startsWith("HTTP/1.1 " + status + " ");
        }
    }

    private static String firstLine(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\r'; c = in.read()) {
            line.append((char) c);
        }
        return line.toString();
    }

    /** Does not say how much comes, and sends more than is allowed: it is told so, or cut off. */
    private void sendTooMuch() throws IOException {
        String chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
        try (Socket socket = client.connect()) {
            LoadClient.write(socket, client.head("POST " + GENERATIONS, "Transfer-Encoding: chunked"));
            for (long sent = 0; sent <= 2 * maxUpload; sent += 0x10000) {
                LoadClient.write(socket, chunk);
            }
            assertThat(firstLine(socket)).startsWith("HTTP/1.1 413 ");
        } catch (IOException e) {
            assertThat(e).hasMessageMatching("(?i).*(reset|broken pipe|aborted).*");
        }
    }

    private void badForm() throws Exception {
        assertStatus(
                400,
                client.send(client.request("/v1/images/edits")
                        .header("Content-Type", "multipart/form-data; boundary=b")
                        .POST(BodyPublishers.ofString(
                                "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nno end"))));
    }

    /** A byte now and then: the server does not wait for the end. */
    private void sendSlowly() throws IOException {
        int length = 10_000;
        int sent = 0;
        try (Socket socket = client.connect()) {
            socket.setSoTimeout(100);
            LoadClient.write(socket, client.head("POST " + GENERATIONS, "Content-Length: " + length));
            for (boolean open = true; open && sent < length; sent++) {
                LoadClient.write(socket, " ");
                open = isOpen(socket);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageMatching("(?i).*(reset|broken pipe|aborted).*");
        }
        assertThat(sent).as("bytes that were taken").isLessThan(length);
    }

    private static boolean isOpen(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            return true;
        }
    }

    private void sendBomb() throws Exception {
        ObjectNode body = LoadClient.JSON.createObjectNode().put("prompt", "a");
        body.putArray("init_images").add(bomb);
        assertThat(body.toString().getBytes(StandardCharsets.UTF_8)).hasSizeLessThan((int) maxUpload);
        HttpResponse<String> response = post("/sdapi/v1/img2img", body.toString());
        assertStatus(422, response);
        assertThat(response.body()).contains(BOMB_SIDE + "x" + BOMB_SIDE);
    }
}
