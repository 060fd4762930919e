package dev.diffusion4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.FakeModel;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.langchain4j.spi.Diffusion4jImageModelBuilderFactory;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.output.Response;
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
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class Diffusion4jImageModelTest {

    private final FakeModel fake = new FakeModel();

    private Diffusion4jImageModel.Builder builder() {
        return Diffusion4jImageModel.builder().model(fake);
    }

    private static String base64(BufferedImage image) throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        return Base64.getEncoder().encodeToString(png.toByteArray());
    }

    private static Image image(BufferedImage image) throws IOException {
        return Image.builder().base64Data(base64(image)).build();
    }

    private static BufferedImage blue(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(Color.BLUE);
        pen.fillRect(0, 0, width, height);
        pen.dispose();
        return image;
    }

    @Test
    void aPictureIsAPngInBase64WithItsSeed() throws IOException {
        Response<Image> response = builder().build().generate("a red circle");

        Image image = response.content();
        assertThat(image.mimeType()).isEqualTo("image/png");
        assertThat(image.url()).isNull();
        byte[] png = Base64.getDecoder().decode(image.base64Data());
        assertThat(ImageIO.read(new ByteArrayInputStream(png)).getRGB(5, 5)).isEqualTo(0xFFFF0000);
        assertThat(response.metadata()).containsEntry("seeds", List.of(7L)).containsEntry("warnings", List.of());
    }

    @Test
    void eachCallTakesWhatTheBuilderWasGiven() {
        builder()
                .size(128, 64)
                .steps(9)
                .guidanceScale(3)
                .negativePrompt("blurry")
                .seed(42)
                .sampling(Sampling.of(Sampler.EULER))
                .build()
                .generate("a star");

        assertThat(fake.lastRequest())
                .isEqualTo(ImageRequest.textToImage("a star")
                        .size(128, 64)
                        .steps(9)
                        .guidanceScale(3)
                        .negativePrompt("blurry")
                        .seed(42)
                        .sampling(Sampling.of(Sampler.EULER))
                        .build());
    }

    @Test
    void severalPicturesAreABatch() {
        Response<List<Image>> response = builder().seed(5).build().generate("a star", 3);

        assertThat(response.content()).hasSize(3);
        assertThat(fake.lastRequest().batchCount()).isEqualTo(3);
        assertThat(response.metadata()).containsEntry("seeds", List.of(5L, 6L, 7L));
    }

    @Test
    void whatIsNotDoneIsSaid() {
        fake.warn("the LoRA fits nowhere");

        assertThat(builder().build().generate("a star").metadata())
                .containsEntry("warnings", List.of("the LoRA fits nowhere"));
    }

    @Test
    void anEditedPictureIsRedrawnAtAboutItsSize() throws IOException {
        builder().strength(0.4).build().edit(image(blue(100, 200)), "a star");

        ImageRequest request = fake.lastRequest();
        InitImage init = request.initImage().orElseThrow();
        assertThat(init.picture().size()).isEqualTo(new ImageSize(100, 200));
        assertThat(init.strength()).isEqualTo(0.4);
        assertThat(init.mask()).isEmpty();
        assertThat(request.size()).contains(new ImageSize(128, 192));
    }

    @Test
    void anEditTakesTheBuildersSize() throws IOException {
        builder().size(256, 128).build().edit(image(blue(100, 200)), "a star");

        assertThat(fake.lastRequest().size()).contains(new ImageSize(256, 128));
    }

    @Test
    void aModelThatEditsLooksAtThePicture() throws IOException {
        FakeModel kontext = new FakeModel(ModelFamily.FLUX);
        builder().model(kontext).build().edit(image(blue(64, 64)), "make it green");

        assertThat(kontext.lastRequest().references().orElseThrow().pictures()).hasSize(1);
        assertThat(kontext.lastRequest().initImage()).isEmpty();

        builder().model(kontext).strength(0.5).build().edit(image(blue(64, 64)), "make it green");

        assertThat(kontext.lastRequest().initImage()).isPresent();
    }

    @Test
    void whatIsTransparentInAMaskIsRedrawn() throws IOException {
        BufferedImage mask = blue(64, 64);
        mask.setRGB(3, 3, 0);
        builder().build().edit(image(blue(64, 64)), image(mask), "a star");

        BufferedImage used = fake.lastRequest()
                .initImage()
                .flatMap(InitImage::mask)
                .orElseThrow()
                .toBufferedImage();
        assertThat(used.getRGB(3, 3)).isEqualTo(0xFFFFFFFF);
        assertThat(used.getRGB(4, 3)).isEqualTo(0xFF000000);
    }

    @Test
    void picturesComeAsUrlsOfThisMachine(@TempDir Path folder) throws IOException {
        Path file = ImageFiles.write(blue(64, 64), folder.resolve("blue.png"));
        Diffusion4jImageModel model = builder().build();

        model.edit(Image.builder().url(file.toUri()).build(), "a star");
        model.edit(
                Image.builder()
                        .url("data:image/png;base64," + base64(blue(64, 64)))
                        .build(),
                "a star");

        assertThat(fake.requests())
                .hasSize(2)
                .allSatisfy(request -> assertThat(request.initImage()
                                .orElseThrow()
                                .picture()
                                .toBufferedImage()
                                .getRGB(1, 1))
                        .isEqualTo(Color.BLUE.getRGB()));
    }

    @Test
    void aUrlOfAFileThatNamesNoneIsRefused() {
        Image image = Image.builder().url(URI.create("file:a.png")).build();

        assertThatThrownBy(() -> builder().build().edit(image, "a star")).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void aTimeoutOfNothingIsRefused() {
        assertThatThrownBy(() -> builder().timeout(Duration.ZERO))
                .isInstanceOf(dev.diffusion4j.error.InvalidRequestException.class)
                .hasMessageContaining("timeout");
    }

    @Test
    void nothingIsFetchedFromOtherMachines() {
        Image remote = Image.builder().url("https://example.org/a.png").build();

        assertThatThrownBy(() -> builder().build().edit(remote, "a star"))
                .isInstanceOf(UnsupportedFeatureException.class);
    }

    @Test
    void whatIsNoPictureIsRefused() {
        Diffusion4jImageModel model = builder().build();
        for (Image image : List.of(
                Image.builder().base64Data("AAAA").build(),
                Image.builder().url("data:image/png,plain").build(),
                Image.builder().url("a.png").build(),
                Image.builder().build())) {
            assertThatThrownBy(() -> model.edit(image, "a star")).isInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void whatACallSaysItselfIsNoDefault() {
        assertThatThrownBy(() -> builder().prompt("a star").build()).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().batchCount(2).build()).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> builder().initImage(InitImage.of(blue(64, 64))).build())
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> Diffusion4jImageModel.builder().build()).isInstanceOf(InvalidRequestException.class);
    }

    static List<Arguments> failures() {
        return List.of(
                Arguments.of(
                        new dev.diffusion4j.error.InvalidRequestException("steps", 0, "more"),
                        InvalidRequestException.class),
                Arguments.of(new QueueFullException(3), RateLimitException.class),
                Arguments.of(new NativeFailureException("broken"), InternalServerException.class),
                Arguments.of(new OutOfNativeMemoryException("too large"), InternalServerException.class),
                Arguments.of(new ModelFileException("no LoRA"), NonRetriableException.class),
                Arguments.of(new GenerationCancelledException("cancelled"), NonRetriableException.class));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failuresAreLangChain4jsOwn(DiffusionException failure, Class<? extends LangChain4jException> expected) {
        fake.failWith(() -> failure);

        assertThatThrownBy(() -> builder().build().generate("a star"))
                .isExactlyInstanceOf(expected)
                .hasMessage(failure.getMessage())
                .cause()
                .isInstanceOf(failure.getClass());
    }

    @Test
    void aClosedModelSaysSo() {
        fake.failWith(() -> new ClosedException("the model is closed"));

        assertThatThrownBy(() -> builder().build().generate("a star")).isInstanceOf(ClosedException.class);
    }

    @Test
    void whatTakesTooLongIsCancelled() {
        fake.hold();

        assertThatThrownBy(() -> builder().timeout(Duration.ofMillis(1)).build().generate("a star"))
                .isInstanceOf(TimeoutException.class);
        fake.release();
    }

    @Test
    void aListenerHearsOfProgress() {
        List<Integer> steps = new ArrayList<>();
        builder()
                .steps(3)
                .listener(GenerationListener.NONE.onProgress(progress -> steps.add(progress.step())))
                .build()
                .generate("a star");

        assertThat(steps).containsExactly(1, 2, 3);
    }

    @Test
    void itHasTheModelsName() {
        assertThat(builder().build().modelName()).isEqualTo("fake.safetensors");
    }

    /** As a framework has one; found by the file in META-INF/services. */
    public static final class Factory implements Diffusion4jImageModelBuilderFactory {

        static final class FrameworksBuilder extends Diffusion4jImageModel.Builder {}

        @Override
        public Diffusion4jImageModel.Builder get() {
            return new FrameworksBuilder();
        }
    }

    @Test
    void frameworksHandOutBuildersOfTheirOwn() {
        assertThat(Diffusion4jImageModel.builder()).isInstanceOf(Factory.FrameworksBuilder.class);
    }
}
