package dev.diffusion4j.springai;

import static io.micrometer.observation.tck.TestObservationRegistryAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.FakeModel;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.error.GenerationTimeoutException;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import io.micrometer.observation.tck.TestObservationRegistry;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImageOptions;
import org.springframework.ai.image.ImageOptionsBuilder;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.MimeTypeUtils;

class Diffusion4jImageModelTest {

    private final FakeModel fake = new FakeModel();
    private final ImageModel model = Diffusion4jImageModel.builder().model(fake).build();

    private static byte[] png(BufferedImage image) throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        return png.toByteArray();
    }

    private static Media media(BufferedImage image) throws IOException {
        return Media.builder()
                .mimeType(MimeTypeUtils.IMAGE_PNG)
                .data(png(image))
                .build();
    }

    private static BufferedImage blue(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(Color.BLUE);
        pen.fillRect(0, 0, width, height);
        pen.dispose();
        return image;
    }

    private static ImageMessage message(String text, Map<String, Object> metadata, Media... media) {
        return new ImageMessage(text, null, List.of(media), metadata);
    }

    private ImageRequest drawn(List<ImageMessage> messages, ImageOptions options) {
        model.call(new ImagePrompt(messages, options));
        return fake.lastRequest();
    }

    private ImageRequest drawn(ImageMessage message) {
        return drawn(List.of(message), Diffusion4jImageOptions.builder().build());
    }

    @Test
    void aPictureIsAPngInBase64WithItsSeed() throws IOException {
        fake.warn("the LoRA fits nowhere");
        ImageGeneration result = model.call(new ImagePrompt("a red circle")).getResult();

        byte[] file = Base64.getDecoder().decode(result.getOutput().getB64Json());
        assertThat(ImageIO.read(new ByteArrayInputStream(file)).getRGB(5, 5)).isEqualTo(0xFFFF0000);
        assertThat(result.getOutput().getUrl()).isNull();
        Diffusion4jImageMetadata metadata = (Diffusion4jImageMetadata) result.getMetadata();
        assertThat(metadata.getSeed()).isEqualTo(7);
        assertThat(metadata.getWarnings()).containsExactly("the LoRA fits nowhere");
        assertThat(metadata.getReport().request().prompt()).isEqualTo("a red circle");
    }

    @Test
    void thePromptsOptionsComeBeforeTheModelsAndTheseBeforeAll() {
        Diffusion4jImageModel layered = Diffusion4jImageModel.builder()
                .model(
                        "own",
                        fake,
                        Diffusion4jImageOptions.builder()
                                .steps(20)
                                .guidanceScale(3)
                                .build())
                .defaultOptions(Diffusion4jImageOptions.builder()
                        .guidanceScale(9)
                        .negativePrompt("blurry")
                        .width(128)
                        .n(2)
                        .build())
                .build();
        layered.call(new ImagePrompt(
                "a star",
                Diffusion4jImageOptions.builder()
                        .steps(5)
                        .height(64)
                        .seed(42)
                        .sampling(Sampling.of(Sampler.EULER))
                        .build()));

        assertThat(fake.lastRequest())
                .isEqualTo(ImageRequest.textToImage("a star")
                        .steps(5)
                        .guidanceScale(3)
                        .negativePrompt("blurry")
                        .size(128, 64)
                        .batchCount(2)
                        .seed(42)
                        .sampling(Sampling.of(Sampler.EULER))
                        .build());
    }

    @Test
    void optionsOfSpringAiItselfAreMergedToo() {
        Diffusion4jImageModel layered = Diffusion4jImageModel.builder()
                .model(fake)
                .defaultOptions(
                        Diffusion4jImageOptions.builder().steps(6).height(128).build())
                .build();
        ImageOptions portable = ImageOptionsBuilder.builder().n(3).width(256).build();

        assertThat(layered.call(new ImagePrompt("a star", portable)).getResults())
                .hasSize(3);
        assertThat(fake.lastRequest())
                .isEqualTo(ImageRequest.textToImage("a star")
                        .steps(6)
                        .size(256, 128)
                        .batchCount(3)
                        .build());
    }

    @Test
    void oneSideAloneGoesWithTheModelsNativeOther() {
        model.call(new ImagePrompt(
                "a star", ImageOptionsBuilder.builder().width(256).build()));

        assertThat(fake.lastRequest().size()).contains(new ImageSize(256, 512));
    }

    @Test
    void nothingIsAskedForThatNobodyGave() {
        model.call(new ImagePrompt("a star"));

        assertThat(fake.lastRequest())
                .isEqualTo(ImageRequest.textToImage("a star").build());
    }

    @Test
    void messagesOfWeightsBelowZeroSayWhatToAvoid() {
        ImageRequest request = drawn(
                List.of(
                        new ImageMessage("a star"),
                        new ImageMessage("blue", 1.5f),
                        new ImageMessage("blurry", -1f),
                        new ImageMessage("dark", -0.5f)),
                Diffusion4jImageOptions.builder().negativePrompt("noise").build());

        assertThat(request.prompt()).isEqualTo("a star, (blue:1.5)");
        assertThat(request.negativePrompt()).isEqualTo("noise, blurry, (dark:0.5)");
    }

    @Test
    void aPictureIsRedrawnAtAboutItsSize() throws IOException {
        ImageRequest request = drawn(
                List.of(message("a star", Map.of(), media(blue(100, 200)))),
                Diffusion4jImageOptions.builder().strength(0.4).build());

        InitImage init = request.initImage().orElseThrow();
        assertThat(init.picture().size()).isEqualTo(new ImageSize(100, 200));
        assertThat(init.strength()).isEqualTo(0.4);
        assertThat(request.size()).contains(new ImageSize(128, 192));
    }

    @Test
    void whatIsTransparentInTheMaskIsRedrawn() throws IOException {
        BufferedImage mask = blue(64, 64);
        mask.setRGB(3, 3, 0);
        ImageRequest request =
                drawn(message("a star", Map.of(Diffusion4jImageModel.MASK, media(mask)), media(blue(64, 64))));

        BufferedImage used =
                request.initImage().flatMap(InitImage::mask).orElseThrow().toBufferedImage();
        assertThat(used.getRGB(3, 3)).isEqualTo(0xFFFFFFFF);
        assertThat(used.getRGB(4, 3)).isEqualTo(0xFF000000);
    }

    @Test
    void aModelThatEditsLooksAtAllPictures() throws IOException {
        FakeModel kontext = new FakeModel(ModelFamily.FLUX);
        ImageMessage two = message("as one", Map.of(), media(blue(64, 64)), media(blue(128, 64)));
        Diffusion4jImageModel.builder().model(kontext).build().call(new ImagePrompt(two, null));

        assertThat(kontext.lastRequest().references().orElseThrow().pictures()).hasSize(2);
    }

    @Test
    void picturesMayBeResourcesAndUrlsOfThisMachine(@TempDir Path folder) throws IOException {
        Path file = ImageFiles.write(blue(64, 64), folder.resolve("blue.png"));
        String data = "data:image/png;base64," + Base64.getEncoder().encodeToString(png(blue(64, 64)));
        for (Media media : List.of(
                new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(png(blue(64, 64)))),
                new Media(MimeTypeUtils.IMAGE_PNG, file.toUri()),
                new Media(MimeTypeUtils.IMAGE_PNG, URI.create(data)))) {
            ImageRequest request = drawn(message("a star", Map.of(), media));
            assertThat(request.initImage()
                            .orElseThrow()
                            .picture()
                            .toBufferedImage()
                            .getRGB(1, 1))
                    .isEqualTo(Color.BLUE.getRGB());
        }
    }

    @Test
    void aUrlOfAFileThatNamesNoneIsRefused() {
        ImageMessage message =
                message("a star", Map.of(), new Media(MimeTypeUtils.IMAGE_PNG, URI.create("file:a.png")));

        assertThatThrownBy(() -> drawn(message))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("file:a.png");
    }

    @Test
    void aTimeoutOfNothingIsRefused() {
        assertThatThrownBy(() -> Diffusion4jImageOptions.builder().timeout(Duration.ZERO))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("timeout");
    }

    @Test
    void whatCannotBeDoneIsRefusedByName() throws IOException {
        Media picture = media(blue(64, 64));
        Media remote = new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.org/a.png"));
        Map<String, ImagePrompt> prompts = Map.of(
                "style",
                        new ImagePrompt(
                                "a star",
                                ImageOptionsBuilder.builder().style("vivid").build()),
                "responseFormat",
                        new ImagePrompt(
                                "a star",
                                ImageOptionsBuilder.builder()
                                        .responseFormat("url")
                                        .build()),
                "model",
                        new ImagePrompt(
                                "a star",
                                ImageOptionsBuilder.builder().model("other").build()),
                "batchCount",
                        new ImagePrompt(
                                "a star", ImageOptionsBuilder.builder().n(0).build()),
                "messages", new ImagePrompt(new ImageMessage("blurry", -1f), null),
                "weight", new ImagePrompt(new ImageMessage("a star", 0f), null),
                "mask", new ImagePrompt(message("a star", Map.of("mask", picture)), null),
                "media", new ImagePrompt(message("a star", Map.of(), remote), null));
        prompts.forEach((field, prompt) -> assertThatThrownBy(() -> model.call(prompt))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo(field)));

        assertThatThrownBy(() -> drawn(message("a star", Map.of(), picture, picture)))
                .isInstanceOf(InvalidRequestException.class);
        Media broken = new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(new byte[] {1, 2, 3}));
        assertThatThrownBy(() -> drawn(message("a star", Map.of(), broken))).isInstanceOf(ImageFileException.class);
        assertThat(fake.requests()).isEmpty();
    }

    @Test
    void severalModelsAreToldApartByName() {
        FakeModel other = new FakeModel(ModelFamily.SDXL);
        Diffusion4jImageModel both = Diffusion4jImageModel.builder()
                .model("one", fake, Diffusion4jImageOptions.builder().build())
                .model("two", other, Diffusion4jImageOptions.builder().steps(3).build())
                .build();

        both.call(new ImagePrompt("a star"));
        both.call(new ImagePrompt(
                "a star", ImageOptionsBuilder.builder().model("two").build()));

        assertThat(both.models()).containsExactly("one", "two");
        assertThat(fake.requests()).hasSize(1);
        assertThat(other.lastRequest().steps()).hasValue(3);
    }

    @Test
    void aCallIsObservedWithTheMergedOptions() {
        TestObservationRegistry observations = TestObservationRegistry.create();
        Diffusion4jImageModel.builder()
                .model("one", fake, Diffusion4jImageOptions.builder().build())
                .defaultOptions(Diffusion4jImageOptions.builder().size(128, 64).build())
                .observationRegistry(observations)
                .build()
                .call(new ImagePrompt("a secret"));

        assertThat(observations)
                .hasObservationWithNameEqualTo("gen_ai.client.operation")
                .that()
                .hasBeenStopped()
                .hasContextualNameEqualTo("image one")
                .hasLowCardinalityKeyValue("gen_ai.operation.name", "image")
                .hasLowCardinalityKeyValue("gen_ai.system", "diffusion4j")
                .hasLowCardinalityKeyValue("gen_ai.request.model", "one")
                .hasHighCardinalityKeyValue("gen_ai.request.image.size", "128x64");
    }

    @Test
    void failuresPassAndAreObserved() {
        TestObservationRegistry observations = TestObservationRegistry.create();
        fake.failWith(() -> new NativeFailureException("broken"));
        ImageModel observed = Diffusion4jImageModel.builder()
                .model(fake)
                .observationRegistry(observations)
                .build();

        assertThatThrownBy(() -> observed.call(new ImagePrompt("a star"))).isInstanceOf(NativeFailureException.class);
        assertThat(observations)
                .hasObservationWithNameEqualTo("gen_ai.client.operation")
                .that()
                .hasError();
    }

    @Test
    void whatTakesTooLongIsCancelled() {
        fake.hold();
        ImageOptions options =
                Diffusion4jImageOptions.builder().timeout(Duration.ofMillis(1)).build();

        assertThatThrownBy(() -> model.call(new ImagePrompt("a star", options)))
                .isInstanceOf(GenerationTimeoutException.class);
        fake.release();
    }

    @Test
    void aListenerHearsOfProgress() {
        List<Integer> steps = new ArrayList<>();
        model.call(new ImagePrompt(
                "a star",
                Diffusion4jImageOptions.builder()
                        .steps(3)
                        .listener(GenerationListener.NONE.onProgress(progress -> steps.add(progress.step())))
                        .build()));

        assertThat(steps).containsExactly(1, 2, 3);
    }

    @Test
    void withoutAModelThereIsNone() {
        assertThatThrownBy(() -> Diffusion4jImageModel.builder().build()).isInstanceOf(InvalidRequestException.class);
    }
}
