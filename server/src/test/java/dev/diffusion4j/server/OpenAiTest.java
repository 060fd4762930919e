package dev.diffusion4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.FakeModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** OpenAI's Images API as its clients use it. */
class OpenAiTest extends ServerTestCase {

    private static final String GENERATIONS = "/v1/images/generations";

    private static final String EDITS = "/v1/images/edits";

    @Test
    void aPromptBecomesAPictureOfTheModelsSize() throws Exception {
        HttpResponse<String> response = post(GENERATIONS, "{\"prompt\":\"a red circle\"}");

        JsonNode answer = ok(response);
        assertThat(answer.path("created").asLong()).isPositive();
        assertThat(answer.path("output_format").asText()).isEqualTo("png");
        assertThat(answer.path("size").asText()).isEqualTo("512x512");
        assertThat(answer.has("warnings")).isFalse();
        BufferedImage image = picture(answer.path("data").path(0).path("b64_json"));
        assertThat(image.getRGB(10, 10) & 0xFFFFFF).isEqualTo(0xFF0000);
        assertThat(model.lastRequest())
                .isEqualTo(
                        ImageRequest.textToImage("a red circle").batchCount(1).build());
        assertThat(response.headers().firstValue("x-request-id")).isPresent();
    }

    @Test
    void allOptionsReachTheModelAndUnknownOnesDoNoHarm() throws Exception {
        ok(post(GENERATIONS, """
                {"prompt":"a star","model":"gpt-image-1","n":3,"size":"256x128","quality":"high","user":"me","style":"vivid",
                 "moderation":"low","frame_count":null,"something_new":{"a":[1]},"negative_prompt":"blurry","seed":42,
                 "steps":7,"guidance_scale":3.5,"sampler":"DPM++ 2M","scheduler":"karras"}"""));

        assertThat(model.lastRequest())
                .isEqualTo(ImageRequest.textToImage("a star")
                        .size(256, 128)
                        .batchCount(3)
                        .negativePrompt("blurry")
                        .seed(42)
                        .steps(7)
                        .guidanceScale(3.5)
                        .sampling(Sampling.of(Sampler.DPMPP_2M).withSchedule(NoiseSchedule.KARRAS))
                        .build());
    }

    @Test
    void aSeedBelowZeroIsAny() throws Exception {
        ok(post(GENERATIONS, "{\"prompt\":\"a\",\"seed\":-1,\"size\":\"auto\"}"));
        assertThat(model.lastRequest().seed()).isEmpty();
        assertThat(model.lastRequest().size()).isEmpty();
    }

    @Test
    void picturesAreSentAsJpegOfTheQualityThatIsAskedFor() throws Exception {
        String small = ok(post(GENERATIONS, jpeg(0)))
                .path("data")
                .path(0)
                .path("b64_json")
                .asText();
        String large = ok(post(GENERATIONS, jpeg(100)))
                .path("data")
                .path(0)
                .path("b64_json")
                .asText();

        // The first three bytes of a JPEG file.
        assertThat(small).startsWith("/9j/");
        assertThat(small.length()).isLessThan(large.length());
    }

    private static String jpeg(int quality) {
        return "{\"prompt\":\"a\",\"output_format\":\"jpeg\",\"output_compression\":" + quality + "}";
    }

    @Test
    void picturesAreKeptBehindAddressesForThoseWhoAsk() throws Exception {
        JsonNode answer = ok(post(GENERATIONS, "{\"prompt\":\"a\",\"n\":2,\"response_format\":\"url\",\"seed\":5}"));

        URI second = URI.create(answer.path("data").path(1).path("url").asText());
        assertThat(second.getPort()).isEqualTo(server.port());
        HttpResponse<byte[]> file =
                client.send(HttpRequest.newBuilder(second).build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(file.headers().firstValue("Content-Type")).contains("image/png");
        assertThat(javax.imageio.ImageIO.read(new ByteArrayInputStream(file.body()))
                        .getWidth())
                .isEqualTo(512);
        assertThat(get(second.getPath().replace("/1.png", "/7.png")).statusCode())
                .isEqualTo(404);
        assertThat(get("/v1/images/files/0123/0.png").statusCode()).isEqualTo(404);
    }

    @Test
    void whatIsSentAsTextIsNotKept() throws Exception {
        ok(post(GENERATIONS, "{\"prompt\":\"a\"}"));
        assertThat(json(get("/api/v1/jobs")).path("jobs")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {}                                                | prompt
                    {"prompt":5}                                      | prompt
                    {"prompt":"a","n":11}                             | n
                    {"prompt":"a","n":0}                              | n
                    {"prompt":"a","n":"two"}                          | n
                    {"prompt":"a","size":"big"}                       | size
                    {"prompt":"a","size":"99999x99999"}               | size
                    {"prompt":"a","size":"4096x4096"}                 | size
                    {"prompt":"a","steps":500}                        | steps
                    {"prompt":"a","steps":0}                          | steps
                    {"prompt":"a","output_format":"webp"}             | output_format
                    {"prompt":"a","output_format":"svg"}              | output_format
                    {"prompt":"a","output_compression":101}           | output_compression
                    {"prompt":"a","background":"transparent"}         | background
                    {"prompt":"a","response_format":"file"}           | response_format
                    {"prompt":"a","stream":true,"partial_images":4}   | partial_images
                    {"prompt":"a","stream":"perhaps"}                 | stream
                    {"prompt":"a","sampler":"magic"}                  | sampler
                    {"prompt":"a","scheduler":"magic"}                | scheduler
                    {"prompt":"a","guidance_scale":1000}              | guidance_scale
                    {"prompt":"a","loras":[{"name":"ink"}]}           | loras
                    {"prompt":"a","loras":[{"path":"/etc/passwd"}]}   | loras
                    {"prompt":"a","loras":["../ink"]}                 | loras
                    {"prompt":"a <lora:../../ink:1>"}                 | prompt
                    """)
    void whatCannotBeDoneIsRefusedWithTheNameOfTheOption(String body, String param) throws Exception {
        HttpResponse<String> response = post(GENERATIONS, body);

        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        JsonNode error = json(response).path("error");
        assertThat(error.path("param").asText()).isEqualTo(param);
        assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
        assertThat(error.path("message").asText()).isNotBlank();
        assertThat(error.has("code")).isTrue();
        assertThat(response.headers().firstValue("x-should-retry")).contains("false");
        assertThat(model.requests()).isEmpty();
    }

    @Test
    void aLongPromptIsRefused() throws Exception {
        assertThat(post(GENERATIONS, "{\"prompt\":\"" + "a".repeat(32_001) + "\"}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void aModelThatIsNotServedIsNamedWithThoseThatAre() throws Exception {
        HttpResponse<String> response = post(GENERATIONS, "{\"prompt\":\"a\",\"model\":\"other\"}");

        assertThat(response.statusCode()).isEqualTo(404);
        JsonNode error = json(response).path("error");
        assertThat(error.path("code").asText()).isEqualTo("model_not_found");
        assertThat(error.path("message").asText()).contains("fake");
    }

    @Test
    void modelsAreListed() throws Exception {
        JsonNode list = ok(get("/v1/models"));
        assertThat(list.path("object").asText()).isEqualTo("list");
        assertThat(list.path("data").path(0).path("id").asText()).isEqualTo("fake");

        JsonNode one = ok(get("/v1/models/fake"));
        assertThat(one.path("object").asText()).isEqualTo("model");
        assertThat(one.path("created").asLong()).isPositive();
        assertThat(get("/v1/models/other").statusCode()).isEqualTo(404);
    }

    @Test
    void failuresHaveTheirStatusAndSayNotToTryAgain() throws Exception {
        check(new InvalidRequestException("width", 100, "a multiple of 64"), 400, "size", null);
        check(new ModelFileException("broken.safetensors is damaged"), 500, null, "model_file");
        check(new OutOfNativeMemoryException("too large"), 500, null, "out_of_memory");
        check(new NativeFailureException("it failed"), 500, null, "generation_failed");
        check(new IllegalStateException("a secret"), 500, null, "internal_error");
    }

    private void check(RuntimeException failure, int status, String param, String code) throws Exception {
        model.failWith(() -> failure);
        HttpResponse<String> response = post(GENERATIONS, "{\"prompt\":\"a\"}");
        assertThat(response.statusCode()).isEqualTo(status);
        JsonNode error = json(response).path("error");
        assertThat(error.path("param").textValue()).isEqualTo(param);
        assertThat(error.path("code").textValue()).isEqualTo(code);
        assertThat(response.body()).doesNotContain("secret");
        assertThat(response.headers().firstValue("x-should-retry")).contains("false");
    }

    @Test
    void warningsAreInTheAnswer() throws Exception {
        model.warn("a part of the LoRA is of no use");
        assertThat(ok(post(GENERATIONS, "{\"prompt\":\"a\"}"))
                        .path("warnings")
                        .path(0)
                        .asText())
                .isEqualTo("a part of the LoRA is of no use");
    }

    @Test
    void aStreamBringsPreviewsAndThenThePicture() throws Exception {
        HttpResponse<String> response = post(
                GENERATIONS, "{\"prompt\":\"a\",\"stream\":true,\"partial_images\":2,\"steps\":9,\"size\":\"64x64\"}");

        assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream; charset=utf-8");
        List<Event> events = events(response.body());
        Event last = events.getLast();
        assertThat(last.name()).isEqualTo("image_generation.completed");
        assertThat(last.data().path("type").asText()).isEqualTo(last.name());
        assertThat(picture(last.data().path("b64_json")).getWidth()).isEqualTo(64);
        assertThat(last.data().path("size").asText()).isEqualTo("64x64");
        assertThat(events).hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void previewsComeWhileThePictureIsDrawn() throws Exception {
        model.hold();
        var response = client.send(
                posting(GENERATIONS, "{\"prompt\":\"a\",\"stream\":true,\"partial_images\":1,\"steps\":4}")
                        .build(),
                letting(3));
        try (var lines = response.body()) {
            var iterator = lines.iterator();
            assertThat(iterator.next()).isEqualTo("event: image_generation.partial_image");
            JsonNode data = JSON.readTree(iterator.next().substring("data: ".length()));
            assertThat(data.path("partial_image_index").asInt()).isZero();
            assertThat(picture(data.path("b64_json")).getWidth()).isEqualTo(512);
            model.release();
            iterator.next();
            assertThat(iterator.next()).isEqualTo("event: image_generation.completed");
        }
    }

    /** The head of a stream comes with the first step, which waits for this. */
    private HttpResponse.BodyHandler<java.util.stream.Stream<String>> letting(int steps) {
        model.letSteps(steps);
        return HttpResponse.BodyHandlers.ofLines();
    }

    @Test
    void theHeadOfAStreamComesWithTheFirstStep() throws Exception {
        model.hold();
        var response = client.send(
                posting(GENERATIONS, "{\"prompt\":\"a\",\"stream\":true}").build(), letting(1));
        assertThat(response.statusCode()).isEqualTo(200);
        // Nothing else was sent yet.
        assertThat(model.cancelled()).isZero();
        model.release();
        try (var lines = response.body()) {
            assertThat(lines.findFirst()).contains("event: image_generation.completed");
        }
    }

    @Test
    void whatIsRefusedBeforeAStreamHasItsStatus() throws Exception {
        model.failWith(() -> new InvalidRequestException("width", 100, "a multiple of 64"));
        HttpResponse<String> response = post(GENERATIONS, "{\"prompt\":\"a\",\"stream\":true}");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json(response).path("error").path("param").asText()).isEqualTo("size");
    }

    @Test
    void aStreamOfSeveralPicturesBringsEach() throws Exception {
        List<Event> events = events(
                post(GENERATIONS, "{\"prompt\":\"a\",\"stream\":true,\"n\":2}").body());
        assertThat(events)
                .extracting(Event::name)
                .containsExactly("image_generation.completed", "image_generation.completed");
    }

    @Test
    void anEditRedrawsThePicture() throws Exception {
        byte[] body = new FormBody()
                .text("prompt", "a watercolour")
                .text("model", "fake")
                .text("strength", "0.5")
                .text("seed", "3")
                .file("image", png(64, 128))
                .end();

        JsonNode answer = ok(postForm(EDITS, body));

        assertThat(picture(answer.path("data").path(0).path("b64_json")).getHeight())
                .isEqualTo(128);
        ImageRequest request = model.lastRequest();
        assertThat(request.task()).isEqualTo(Task.IMAGE_TO_IMAGE);
        assertThat(request.initImage().orElseThrow().strength()).isEqualTo(0.5);
        assertThat(request.seed()).hasValue(3);
    }

    @Test
    void filesMayComeFirstWithoutNamesAndInChunks() throws Exception {
        byte[] body = new FormBody()
                .part(
                        "Content-Disposition: form-data; name=\"image\"\r\nContent-Type: application/octet-stream",
                        png(64, 64))
                .part(
                        "Content-Disposition: form-data; name=\"prompt\"\r\nContent-Type: text/plain",
                        "ä".getBytes("UTF-8"))
                .end();

        HttpResponse<String> response = send(request(EDITS)
                .header("Content-Type", "multipart/form-data; boundary=" + FormBody.BOUNDARY)
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))));

        ok(response);
        assertThat(model.lastRequest().prompt()).isEqualTo("ä");
    }

    @Test
    void aPhotographIsTurnedUpright() throws Exception {
        ByteArrayOutputStream photo = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(128, 64, BufferedImage.TYPE_INT_RGB), "jpg", photo);
        byte[] jpeg = photo.toByteArray();
        // The camera was held on its side, says EXIF (6).
        byte[] exif =
                HexFormat.of().parseHex("ffe100224578696600004d4d002a00000008000101120003000000010006000000000000");
        byte[] held = ByteBuffer.allocate(jpeg.length + exif.length)
                .put(jpeg, 0, 2)
                .put(exif)
                .put(jpeg, 2, jpeg.length - 2)
                .array();

        ok(postForm(
                EDITS, new FormBody().text("prompt", "a").file("image", held).end()));

        assertThat(model.lastRequest().size()).hasValue(new ImageSize(64, 128));
    }

    @Test
    void whatIsTransparentInTheMaskIsRedrawn() throws Exception {
        BufferedImage mask = new BufferedImage(64, 64, BufferedImage.TYPE_INT_ARGB);
        mask.setRGB(0, 0, 0xFF123456);

        assertThat(maskFor(mask)).satisfies(grey -> {
            assertThat(grey.getRGB(0, 0) & 0xFF).isZero();
            assertThat(grey.getRGB(5, 5) & 0xFF).isEqualTo(255);
        });
    }

    @Test
    void whatIsWhiteInAMaskWithoutTransparencyIsRedrawn() throws Exception {
        BufferedImage mask = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        mask.setRGB(0, 0, 0xFFFFFF);

        assertThat(maskFor(mask)).satisfies(grey -> {
            assertThat(grey.getRGB(0, 0) & 0xFF).isEqualTo(255);
            assertThat(grey.getRGB(5, 5) & 0xFF).isZero();
        });
    }

    private BufferedImage maskFor(BufferedImage mask) throws Exception {
        ok(postForm(
                EDITS,
                new FormBody()
                        .text("prompt", "a")
                        .file("image", png(64, 64))
                        .file("mask", png(mask))
                        .end()));
        assertThat(model.lastRequest().task()).isEqualTo(Task.INPAINT);
        return model.lastRequest()
                .initImage()
                .orElseThrow()
                .mask()
                .orElseThrow()
                .toBufferedImage();
    }

    @Test
    void alargePictureIsDrawnAtASizeThatTheModelCan() throws Exception {
        ok(postForm(
                EDITS,
                new FormBody()
                        .text("prompt", "a")
                        .file("image", png(2000, 1000))
                        .end()));
        ImageSize size = model.lastRequest().size().orElseThrow();
        assertThat(size.width() % 64 + size.height() % 64).isZero();
        assertThat((double) size.width() / size.height()).isCloseTo(2, within(0.3));
        assertThat(size.width() * size.height()).isLessThanOrEqualTo(512 * 576);
    }

    @Test
    void aVariationHasNoPrompt() throws Exception {
        ok(postForm(
                "/v1/images/variations",
                new FormBody().file("image", png(64, 64)).text("n", "2").end()));
        assertThat(model.lastRequest().prompt()).isEmpty();
        assertThat(model.lastRequest().batchCount()).isEqualTo(2);
    }

    @Test
    void aModelThatEditsLooksAtAllPictures() throws Exception {
        FakeModel editor = new FakeModel(ModelFamily.FLUX);
        restart(DiffusionServer.builder()
                .model("edit", ModelFamily.FLUX, 1, () -> editor)
                .port(0));
        ok(postForm(
                EDITS,
                new FormBody()
                        .text("prompt", "both")
                        .text("size", "128x128")
                        .file("image[]", png(64, 64))
                        .file("image[]", png(32, 64))
                        .end()));
        assertThat(editor.lastRequest().task()).isEqualTo(Task.EDIT);
        assertThat(editor.lastRequest().references().orElseThrow().pictures()).hasSize(2);
    }

    @Test
    void editsThatCannotBeDoneAreRefused() throws Exception {
        assertThat(postForm(EDITS, new FormBody().text("prompt", "a").end()).body())
                .contains("\"param\":\"image\"");
        byte[] two = new FormBody()
                .text("prompt", "a")
                .file("image[]", png(64, 64))
                .file("image[]", png(64, 64))
                .end();
        assertThat(postForm(EDITS, two).body()).contains("redraws one picture");
        byte[] other = new FormBody()
                .text("prompt", "a")
                .file("image", png(64, 64))
                .file("mask", png(64, 32))
                .end();
        assertThat(postForm(EDITS, other).body()).contains("\"param\":\"mask\"");
        byte[] broken = new FormBody()
                .text("prompt", "a")
                .file("image", new byte[] {1, 2, 3})
                .end();
        assertThat(postForm(EDITS, broken).statusCode()).isEqualTo(400);
        assertThat(postForm(EDITS, new FormBody().file("image", png(64, 64)).end())
                        .body())
                .contains("\"param\":\"prompt\"");
    }

    @Test
    void aFormThatIsNoneIsRefused() throws Exception {
        assertThat(post(EDITS, "{\"prompt\":\"a\"}").body()).contains("invalid_form");
        assertThat(postForm(EDITS, "no form".getBytes("UTF-8")).body()).contains("invalid_form");
        byte[] whole =
                new FormBody().text("prompt", "a").file("image", png(64, 64)).end();
        assertThat(postForm(EDITS, java.util.Arrays.copyOf(whole, whole.length - 20))
                        .body())
                .contains("invalid_form");
        assertThat(send(request(EDITS)
                                .header("Content-Type", "multipart/form-data")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(whole)))
                        .body())
                .contains("boundary");
    }

    @Test
    void anEditStreamsToo() throws Exception {
        byte[] body = new FormBody()
                .text("prompt", "a")
                .text("stream", "true")
                .text("partial_images", "0")
                .file("image", png(64, 64))
                .end();
        assertThat(events(postForm(EDITS, body).body()))
                .extracting(Event::name)
                .containsExactly("image_edit.completed");
    }
}
