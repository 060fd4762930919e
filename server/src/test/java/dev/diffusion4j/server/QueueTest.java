package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One queue for all surfaces, and clients that leave. */
class QueueTest extends ServerTestCase {

    private static final String GENERATIONS = "/v1/images/generations";

    @Override
    DiffusionServerBuilder builder() {
        return super.builder().queueCapacity(2);
    }

    private CompletableFuture<HttpResponse<String>> sendAsync(String path, String body) {
        return client.sendAsync(posting(path, body).build(), HttpResponse.BodyHandlers.ofString());
    }

    private int waiting() {
        try {
            return json(get("/api/v1/status")).path("queue").path("waiting").asInt();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** One runs and two wait. */
    private List<CompletableFuture<HttpResponse<String>>> fill() throws Exception {
        model.hold();
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        answers.add(sendAsync(GENERATIONS, "{\"prompt\":\"first\"}"));
        model.awaitBegin();
        answers.add(sendAsync("/sdapi/v1/txt2img", "{\"prompt\":\"second\"}"));
        await(() -> waiting() == 1);
        answers.add(sendAsync(GENERATIONS, "{\"prompt\":\"third\"}"));
        await(() -> waiting() == 2);
        return answers;
    }

    @ParameterizedTest
    @CsvSource({"/v1/images/generations", "/sdapi/v1/txt2img", "/api/v1/jobs"})
    void whoFindsTheQueueFullIsToldWhenToTryAgain(String path) throws Exception {
        List<CompletableFuture<HttpResponse<String>>> answers = fill();

        HttpResponse<String> refused =
                post(path, path.contains("jobs") ? "{\"request\":{\"prompt\":\"a\"}}" : "{\"prompt\":\"a\"}");

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(429);
        assertThat(refused.headers()
                        .firstValue("Retry-After")
                        .map(Integer::valueOf)
                        .orElseThrow())
                .isPositive();
        assertThat(refused.headers().firstValue("x-should-retry")).isEmpty();
        assertThat(refused.body()).contains("queue");
        model.release();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            assertThat(answer.get().statusCode()).isEqualTo(200);
        }
        assertThat(model.requests())
                .extracting(request -> request.prompt())
                .containsExactly("first", "second", "third");
    }

    private Socket post(String body, boolean stream) throws Exception {
        Socket socket = connect();
        String json = stream ? body.replace("}", ",\"stream\":true}") : body;
        socket.getOutputStream()
                .write(("POST " + GENERATIONS + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + json.length()
                                + "\r\n\r\n" + json)
                        .getBytes("UTF-8"));
        return socket;
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void aClientThatLeavesEndsItsJob(boolean stream) throws Exception {
        model.hold();
        try (Socket socket = post("{\"prompt\":\"left\"}", stream)) {
            model.awaitBegin();
            if (stream) {
                model.letSteps(1);
                assertThat(socket.getInputStream().read()).isEqualTo('H');
            }
        }
        await(() -> model.cancelled() == 1);
        await(() -> finished.stream().anyMatch(one -> one.status() == 499));
        model.release();
        assertThat(post(GENERATIONS, "{\"prompt\":\"next\"}").statusCode()).isEqualTo(200);
    }

    @Test
    void aClientThatLeavesWhileItWaitsFreesItsPlace() throws Exception {
        model.hold();
        CompletableFuture<HttpResponse<String>> first = sendAsync(GENERATIONS, "{\"prompt\":\"first\"}");
        model.awaitBegin();
        try (Socket _ = post("{\"prompt\":\"left\"}", false)) {
            await(() -> waiting() == 1);
        }
        await(() -> waiting() == 0);
        model.release();
        assertThat(first.get().statusCode()).isEqualTo(200);
        assertThat(model.requests()).hasSize(1);
    }

    @Test
    void aClientThatLeavesIsNotWrittenToTheLog() throws Exception {
        List<LogRecord> records = new CopyOnWriteArrayList<>();
        Handler handler = new StreamHandler() {
            @Override
            public void publish(LogRecord record) {
                records.add(record);
            }
        };
        Logger root = Logger.getLogger("");
        root.addHandler(handler);
        try {
            model.hold();
            try (Socket _ = post("{\"prompt\":\"left\"}", false)) {
                model.awaitBegin();
            }
            await(() -> finished.stream().anyMatch(one -> one.status() == 499));
        } finally {
            root.removeHandler(handler);
        }
        assertThat(records)
                .filteredOn(record -> record.getLevel().intValue() >= Level.WARNING.intValue())
                .extracting(LogRecord::getMessage)
                .isEmpty();
    }

    @Test
    void aClientMaySendItsNextRequestBeforeTheAnswer() throws Exception {
        model.hold();
        try (Socket socket = post("{\"prompt\":\"a\"}", false)) {
            model.awaitBegin();
            socket.getOutputStream().write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes("UTF-8"));
            socket.getOutputStream().flush();
            model.release();
            assertThat(socket.getInputStream().read()).isEqualTo('H');
        }
        assertThat(model.cancelled()).isZero();
    }

    @Test
    void whoWaitsIsToldThatTheServerGoesDown() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> answers = fill();

        server.close();

        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            HttpResponse<String> response = answer.get();
            assertThat(response.statusCode()).as(response.body()).isEqualTo(503);
            assertThat(response.headers().firstValue("Retry-After")).isPresent();
        }
        assertThat(model.isClosed()).isTrue();
        server.close();
    }

    @Test
    void aCancelledJobOfAWaitingClientIsAnErrorThatIsNotTriedAgain() throws Exception {
        model.hold();
        CompletableFuture<HttpResponse<String>> answer = sendAsync(GENERATIONS, "{\"prompt\":\"a\"}");
        model.awaitBegin();
        JsonNode jobs = json(get("/api/v1/jobs")).path("jobs");
        send(request("/api/v1/jobs/" + jobs.path(0).path("id").asText()).DELETE());
        assertThat(answer.get().statusCode()).isEqualTo(499);
        assertThat(answer.get().headers().firstValue("x-should-retry")).contains("false");
    }

    @Test
    void manyClientsAtOnceAllGetTheirAnswer() throws Exception {
        restart(super.builder().queueCapacity(100));
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            answers.add(sendAsync(GENERATIONS, "{\"prompt\":\"" + i + "\",\"size\":\"64x64\"}"));
        }
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            assertThat(answer.get().statusCode()).isEqualTo(200);
        }
        assertThat(metric("jobs_waiting")).isZero();
        assertThat(metric("pictures_total")).isEqualTo(60);
    }
}
