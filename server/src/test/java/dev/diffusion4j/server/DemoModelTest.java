package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.demo.DemoModel;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All surfaces over the demo model, which runs in a process of its own. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DemoModelTest extends ServerTestCase {

    private static final String CIRCLE = "a large red circle on a white background";

    @Override
    DiffusionServerBuilder builder() {
        return DiffusionServer.builder().model("demo", DemoModel.path()).port(0).onRequest(finished::add);
    }

    private static Color middle(BufferedImage image) {
        return new Color(image.getRGB(image.getWidth() / 2, image.getHeight() / 2));
    }

    private static void assertRedCircle(BufferedImage image) {
        assertThat(image.getWidth()).isEqualTo(128);
        Color middle = middle(image);
        assertThat(middle.getRed()).isGreaterThan(150);
        assertThat(middle.getGreen()).isLessThan(120);
        assertThat(new Color(image.getRGB(2, 2)).getGreen()).isGreaterThan(180);
    }

    @Test
    void theSameSeedDrawsTheSamePictureByEachApi() throws Exception {
        BufferedImage openAi =
                picture(ok(post("/v1/images/generations", "{\"prompt\":\"" + CIRCLE + "\",\"seed\":42,\"steps\":12}"))
                        .path("data")
                        .path(0)
                        .path("b64_json"));
        assertRedCircle(openAi);

        BufferedImage webUi = picture(ok(post(
                        "/sdapi/v1/txt2img",
                        "{\"prompt\":\"" + CIRCLE + "\",\"seed\":42,\"steps\":12,\"width\":128,\"height\":128,"
                                + "\"cfg_scale\":2,\"sampler_name\":\"Euler a\",\"scheduler\":\"automatic\",\"eta\":1}"))
                .path("images")
                .path(0));
        assertThat(pixels(webUi)).isEqualTo(pixels(openAi));

        JsonNode job = json(post(
                "/api/v1/jobs",
                "{\"previews\":4,\"request\":{\"prompt\":\"" + CIRCLE + "\",\"seed\":42,\"steps\":12}}"));
        List<Event> events =
                events(get(job.path("links").path("events").asText()).body());
        assertThat(events.getLast().name()).isEqualTo("completed");
        assertThat(events).extracting(Event::name).contains("progress", "preview");
        byte[] file = client.send(
                        request(events.getLast()
                                        .data()
                                        .path("images")
                                        .path(0)
                                        .path("url")
                                        .asText())
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray())
                .body();
        BufferedImage own = javax.imageio.ImageIO.read(new java.io.ByteArrayInputStream(file));
        assertThat(pixels(own)).isEqualTo(pixels(openAi));
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void whatTheModelRefusesIsTheClientsError() throws Exception {
        HttpResponse<String> size = post("/v1/images/generations", "{\"prompt\":\"a\",\"size\":\"100x128\"}");
        assertThat(size.statusCode()).isEqualTo(400);
        assertThat(json(size).path("error").path("param").asText()).isEqualTo("size");
    }

    @Test
    void anEditWithAMaskKeepsWhatIsOpaque() throws Exception {
        BufferedImage blue = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        BufferedImage mask = new BufferedImage(128, 128, BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < 128; y++) {
            for (int x = 0; x < 128; x++) {
                blue.setRGB(x, y, 0x2040E0);
                mask.setRGB(x, y, x < 64 ? 0xFF000000 : 0);
            }
        }
        JsonNode answer = ok(postForm(
                "/v1/images/edits",
                new FormBody()
                        .text("prompt", "a large red circle on a white background")
                        .text("strength", "1")
                        .text("steps", "8")
                        .text("seed", "3")
                        .file("image", png(blue))
                        .file("mask", png(mask))
                        .end()));
        Color kept =
                new Color(picture(answer.path("data").path(0).path("b64_json")).getRGB(16, 64));
        assertThat(kept.getBlue()).isGreaterThan(150);
        assertThat(kept.getRed()).isLessThan(110);
    }

    @Test
    void aModelsProcessThatIsKilledCostsOneRequest() throws Exception {
        ok(post("/v1/images/generations", "{\"prompt\":\"a\",\"steps\":1}"));
        CompletableFuture<HttpResponse<String>> running = client.sendAsync(
                posting("/v1/images/generations", "{\"prompt\":\"a\",\"steps\":200}")
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        await(() -> {
            try {
                return json(get("/api/v1/jobs"))
                                .path("jobs")
                                .path(0)
                                .path("progress")
                                .path("step")
                                .asInt()
                        > 0;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        ProcessHandle.current()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith("java"))
                .forEach(ProcessHandle::destroyForcibly);

        HttpResponse<String> failed = running.get();

        assertThat(failed.statusCode()).isEqualTo(500);
        assertThat(json(failed).path("error").path("code").asText()).isEqualTo("model_process_ended");
        assertThat(failed.headers().firstValue("x-should-retry")).contains("false");
        ok(post("/v1/images/generations", "{\"prompt\":\"a\",\"steps\":1}"));
    }
}
