package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.Identity;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The native API: jobs, their events and their pictures. */
class NativeApiTest extends ServerTestCase {

    private static final String JOBS = "/api/v1/jobs";

    private JsonNode submit(String json) throws Exception {
        HttpResponse<String> response = post(JOBS, json);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
        return json(response);
    }

    private JsonNode submit() throws Exception {
        return submit("{\"request\":{\"prompt\":\"a red circle\",\"seed\":5}}");
    }

    private List<Event> eventsOf(JsonNode job) throws Exception {
        return events(get(job.path("links").path("events").asText()).body());
    }

    private HttpResponse<String> delete(JsonNode job) throws Exception {
        return send(request(job.path("links").path("cancel").asText()).DELETE());
    }

    @Test
    void theStatusSaysWhatThereIs() throws Exception {
        JsonNode status = ok(get("/api/v1/status"));
        JsonNode fake = status.path("models").path(0);
        assertThat(fake.path("name").asText()).isEqualTo("fake");
        assertThat(fake.path("family").asText()).isEqualTo("SD 1.x");
        assertThat(fake.path("tasks").toString()).isEqualTo("[\"text-to-image\",\"image-to-image\",\"inpaint\"]");
        assertThat(fake.path("loaded").asBoolean()).isFalse();
        assertThat(fake.path("defaults").path("width").asInt()).isEqualTo(512);
        assertThat(status.path("samplers").path(0).path("label").asText()).isEqualTo("Euler");
        assertThat(status.path("schedules").path(1).path("name").asText()).isEqualTo("karras");
        assertThat(status.path("queue").toString()).isEqualTo("{\"waiting\":0,\"running\":0,\"capacity\":64}");
        assertThat(status.path("limits").path("maxUploadBytes").asLong()).isEqualTo(64 << 20);

        eventsOf(submit());
        JsonNode loaded = ok(get("/api/v1/status")).path("models").path(0);
        assertThat(loaded.path("loaded").asBoolean()).isTrue();
        assertThat(loaded.path("defaults").path("steps").asInt()).isEqualTo(4);
        assertThat(loaded.path("defaults").path("sampler").asText()).isEqualTo("euler_a");
    }

    @Test
    void aJobIsQueuedAndItsPictureFetched() throws Exception {
        JsonNode accepted = submit();
        assertThat(accepted.path("links").path("self").asText())
                .isEqualTo(JOBS + "/" + accepted.path("id").asText());

        List<Event> events = eventsOf(accepted);
        assertThat(events.getFirst().name()).isEqualTo("status");
        assertThat(events.getLast().name()).isEqualTo("completed");
        JsonNode job = ok(get(accepted.path("links").path("self").asText()));
        assertThat(job).isEqualTo(events.getLast().data());
        assertThat(job.path("status").asText()).isEqualTo("completed");
        assertThat(job.path("progress").path("fraction").asDouble()).isEqualTo(1);
        assertThat(job.path("images").path(0).path("seed").asLong()).isEqualTo(5);
        assertThat(job.has("error")).isFalse();

        String url = job.path("images").path(0).path("url").asText();
        HttpResponse<byte[]> file = client.send(request(url).build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(file.headers().firstValue("Content-Type")).contains("image/png");
        assertThat(ImageIO.read(new ByteArrayInputStream(file.body())).getWidth())
                .isEqualTo(512);
        assertThat(new String(file.body(), "ISO-8859-1")).contains("parameters\0a red circle");
        assertThat(get(JOBS + "/" + job.path("id").asText() + "/images/1").statusCode())
                .isEqualTo(404);
        assertThat(get(JOBS + "/" + job.path("id").asText() + "/images/x").statusCode())
                .isEqualTo(404);
        assertThat(ok(get(JOBS)).path("jobs").path(0)).isEqualTo(job);
    }

    @Test
    void stepsAndPreviewsAreEvents() throws Exception {
        model.hold();
        JsonNode job = submit("{\"previews\":2,\"request\":{\"prompt\":\"a\",\"steps\":4}}");
        model.awaitBegin();
        HttpResponse<java.util.stream.Stream<String>> response = client.send(
                request(job.path("links").path("events").asText()).build(), HttpResponse.BodyHandlers.ofLines());
        try (var lines = response.body()) {
            var names = lines.filter(line -> line.startsWith("event: ")).iterator();
            assertThat(names.next()).isEqualTo("event: status");
            model.letSteps(1);
            assertThat(names.next()).isEqualTo("event: progress");
            model.letSteps(1);
            assertThat(names.next()).isEqualTo("event: progress");
            assertThat(names.next()).isEqualTo("event: preview");
            model.release();
            String last = "";
            while (names.hasNext()) {
                last = names.next();
            }
            assertThat(last).isEqualTo("event: completed");
        }
    }

    @Test
    void aWarningIsAnEvent() throws Exception {
        model.warn("half of it is of no use");
        List<Event> events = eventsOf(submit());
        assertThat(events)
                .filteredOn(event -> event.name().equals("warning"))
                .singleElement()
                .satisfies(event ->
                        assertThat(event.data().path("message").asText()).isEqualTo("half of it is of no use"));
        assertThat(events.getLast().data().path("warnings").path(0).asText()).isEqualTo("half of it is of no use");
    }

    @Test
    void aFailureIsTheLastEventWithItsReason() throws Exception {
        model.failWith(() -> new InvalidRequestException("width", 100, "a multiple of 64"));
        List<Event> events = eventsOf(submit());
        assertThat(events.getLast().name()).isEqualTo("failed");
        JsonNode error = events.getLast().data().path("error");
        assertThat(error.path("param").asText()).isEqualTo("width");
        assertThat(error.path("message").asText()).contains("multiple of 64");
    }

    @Test
    void aRunningJobIsCancelled() throws Exception {
        model.hold();
        JsonNode job = submit();
        model.awaitBegin();
        assertThat(delete(job).statusCode()).isEqualTo(200);
        assertThat(eventsOf(job).getLast().name()).isEqualTo("cancelled");
        assertThat(model.cancelled()).isEqualTo(1);
    }

    @Test
    void aWaitingJobIsCancelledAtOnceAndOthersMoveUp() throws Exception {
        model.hold();
        submit();
        model.awaitBegin();
        JsonNode second = submit();
        JsonNode third = submit();
        assertThat(third.path("position").asInt()).isEqualTo(2);

        assertThat(json(delete(second)).path("status").asText()).isEqualTo("cancelled");

        JsonNode moved = ok(get(third.path("links").path("self").asText()));
        assertThat(moved.path("position").asInt()).isEqualTo(1);
        model.release();
        assertThat(eventsOf(third).getLast().name()).isEqualTo("completed");
        assertThat(model.requests()).hasSize(2);
    }

    @Test
    void aFinishedJobIsForgottenWhenItIsDeleted() throws Exception {
        JsonNode job = submit();
        eventsOf(job);
        assertThat(delete(job).statusCode()).isEqualTo(200);
        assertThat(get(job.path("links").path("self").asText()).statusCode()).isEqualTo(410);
        assertThat(get(JOBS + "/" + "0".repeat(32)).statusCode()).isEqualTo(404);
    }

    @Test
    void finishedJobsAreKeptForAWhile() throws Exception {
        restart(builder().keep(Duration.ZERO));
        JsonNode job = submit();
        await(() -> {
            try {
                return get(job.path("links").path("self").asText()).statusCode() == 410;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void whoStopsReadingEventsLeavesTheJobAlone() throws Exception {
        model.hold();
        JsonNode job = submit();
        model.awaitBegin();
        try (java.net.Socket socket = connect()) {
            socket.getOutputStream()
                    .write(("GET " + job.path("links").path("events").asText() + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .getBytes("UTF-8"));
            assertThat(socket.getInputStream().read()).isEqualTo('H');
        }
        await(() -> finished.stream().anyMatch(one -> one.status() == 499));
        model.release();
        assertThat(eventsOf(job).getLast().name()).isEqualTo("completed");
    }

    @Test
    void picturesOfRequestsAreReadWhateverTheirFormat() throws Exception {
        java.io.ByteArrayOutputStream jpeg = new java.io.ByteArrayOutputStream();
        ImageIO.write(
                new java.awt.image.BufferedImage(64, 64, java.awt.image.BufferedImage.TYPE_INT_RGB), "jpeg", jpeg);
        JsonNode job = submit("{\"request\":{\"prompt\":\"a\",\"initImage\":{\"picture\":\"data:image/jpeg;base64,"
                + base64(jpeg.toByteArray())
                + "\",\"strength\":0.3,\"resizeMode\":\"fit\",\"mask\":\"data:image/png;base64,"
                + base64(png(64, 64)) + "\"}}}");
        eventsOf(job);
        InitImage init = model.lastRequest().initImage().orElseThrow();
        assertThat(model.lastRequest().task()).isEqualTo(Task.INPAINT);
        assertThat(init.strength()).isEqualTo(0.3);
        assertThat(init.resizeMode()).isEqualTo(ResizeMode.FIT);
    }

    @Test
    void whatTheLibraryWritesIsRead() throws Exception {
        ImageRequest request = ImageRequest.imageToImage(
                        new java.awt.image.BufferedImage(64, 64, java.awt.image.BufferedImage.TYPE_INT_RGB), "a")
                .steps(3)
                .sampling(dev.diffusion4j.request.Sampling.of(dev.diffusion4j.request.Sampler.HEUN))
                .build();
        eventsOf(submit("{\"model\":\"fake\",\"request\":" + request.toJson() + "}"));
        assertThat(model.lastRequest().toBuilder().build()).isEqualTo(request);
    }

    @Test
    void lorasAreNamed(@TempDir Path folder) throws Exception {
        Path below = Files.createDirectories(folder.resolve("styles"));
        Path ink = Files.writeString(below.resolve("ink.safetensors"), "x");
        Files.writeString(folder.resolve("notes.txt"), "x");
        restart(builder().loraFolder(folder));
        assertThat(ok(get("/api/v1/status")).path("loras").toString()).isEqualTo("[\"ink\"]");

        eventsOf(submit("{\"request\":{\"prompt\":\"a\",\"loras\":[{\"name\":\"ink\",\"multiplier\":0.5}]}}"));

        assertThat(model.lastRequest().loras()).singleElement().satisfies(lora -> {
            assertThat(lora.path()).isEqualTo(ink);
            assertThat(lora.multiplier()).isEqualTo(0.5);
            assertThat(lora.textEncoderMultiplier()).isEqualTo(0.5);
        });
        for (String name : new String[] {
            "../ink", "styles/ink", "ink.txt", "..", "", ink.toString().replace("\\", "/")
        }) {
            assertThat(post(JOBS, "{\"request\":{\"prompt\":\"a\",\"loras\":[{\"name\":\"" + name + "\"}]}}")
                            .statusCode())
                    .as(name)
                    .isEqualTo(400);
        }
        assertThat(post(JOBS, "{\"request\":{\"prompt\":\"a <lora:pencil:1>\"}}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void aPersonForPhotoMaker() throws Exception {
        ImageRequest request = ImageRequest.textToImage("a man img")
                .identity(Identity.of(new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB))
                        .withStyleStrength(30))
                .build();
        eventsOf(submit("{\"request\":" + request.toJson() + "}"));
        assertThat(model.lastRequest().identity()).isEqualTo(request.identity());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"request\":[]}",
                "{\"request\":{}}",
                "{\"request\":{\"prompt\":\"a\",\"stepz\":3}}",
                "{\"request\":{\"prompt\":\"a\",\"steps\":\"3\"}}",
                "{\"request\":{\"prompt\":\"a\",\"steps\":201}}",
                "{\"request\":{\"prompt\":\"a\",\"batchCount\":17}}",
                "{\"request\":{\"prompt\":\"a\",\"size\":{\"width\":8192,\"height\":8192}}}",
                "{\"request\":{\"prompt\":\"a\",\"sampling\":{\"type\":\"native\",\"highResFix\":"
                        + "{\"upscaler\":\"latent\",\"scale\":8,\"steps\":0,\"denoisingStrength\":0.5}}}}",
                "{\"request\":{\"prompt\":\"a\",\"sampling\":{\"type\":\"native\",\"highResFix\":{\"upscaler\":\"latent\","
                        + "\"upscalerModel\":\"/etc/passwd\",\"scale\":2,\"steps\":0,\"denoisingStrength\":0.5}}}}",
                "{\"request\":{\"prompt\":\"a\"},\"priority\":1}",
                "{\"request\":{\"prompt\":\"a\"},\"previews\":-1}",
                "{\"request\":{\"prompt\":\"a\",\"loras\":[{\"path\":\"/etc/passwd\",\"multiplier\":1}]}}",
                "{\"request\":{\"prompt\":\"a\",\"initImage\":{\"picture\":\"/etc/passwd\"}}}",
                "{\"request\":{\"prompt\":\"a\",\"initImage\":{\"strength\":1}}}",
                "{\"request\":{\"prompt\":\"a\",\"initImage\":\"x\"}}",
                "{\"request\":{\"prompt\":\"a\",\"initImage\":{\"file\":\"x\"}}}",
                "{\"request\":{\"prompt\":\"a\",\"references\":{\"pictures\":[]}}}",
                "{\"request\":{\"prompt\":\"a\",\"identity\":{\"pictures\":[]}}}",
                "{\"request\":{\"prompt\":\"a\",\"identity\":{\"pictures\":[\"/etc/passwd\"]}}}",
                "{\"request\":{\"prompt\":\"a\",\"identity\":{\"pictures\":[],\"embeddings\":\"/etc/passwd\"}}}",
            })
    void whatIsNoRequestIsRefused(String body) throws Exception {
        HttpResponse<String> response = post(JOBS, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(json(response).path("error").path("message").asText()).isNotBlank();
        assertThat(model.requests()).isEmpty();
    }

    @Test
    void aModelThatIsNotServedIsNotFound() throws Exception {
        assertThat(post(JOBS, "{\"model\":\"x\",\"request\":{\"prompt\":\"a\"}}")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void theMetricsCount() throws Exception {
        eventsOf(submit());
        model.failWith(() -> new InvalidRequestException("width", 1, "more"));
        eventsOf(submit());
        String metrics = get("/metrics").body();
        assertThat(metrics)
                .contains("diffusion4j_jobs_total{status=\"completed\"} 1\n")
                .contains("diffusion4j_jobs_total{status=\"failed\"} 1\n")
                .contains("diffusion4j_pictures_total 1\n")
                .contains("diffusion4j_models_loaded 1\n")
                .contains("diffusion4j_model_bytes 100\n")
                .doesNotContain("red circle");
        assertThat(metrics.lines().filter(line -> !line.startsWith("#")))
                .allMatch(line -> line.matches("diffusion4j_\\w+(\\{status=\"\\w+\"})? [\\d.E-]+"));
    }

    @Test
    void healthNeedsNothing() throws Exception {
        assertThat(ok(get("/healthz")).path("status").asText()).isEqualTo("ok");
        assertThat(send(request("/healthz").method("HEAD", HttpRequest.BodyPublishers.noBody()))
                        .statusCode())
                .isEqualTo(200);
    }
}
