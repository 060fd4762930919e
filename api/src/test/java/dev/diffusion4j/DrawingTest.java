package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.StepCache;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.testing.DrawnPicture;
import dev.diffusion4j.testing.DrawnPicture.Hue;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the demo model draws through the API. */
@Tag("native")
class DrawingTest {

    private static DiffusionModel sd;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static ByteBuffer bytes(GeneratedImage image) {
        return image.pixels().asByteBuffer();
    }

    private static ImageGeneration quickCircle() {
        return sd.textToImage("a red circle on a white background").steps(8).seed(7);
    }

    @ParameterizedTest
    @CsvSource({
        "a red circle on a white background, RED, WHITE, 0.70, 0.88",
        "a blue square on a yellow background, BLUE, YELLOW, 0.62, 1.0",
        "a large green triangle on a black background, GREEN, BLACK, 0.35, 0.65",
    })
    void drawsWhatThePromptAsksFor(String prompt, Hue shape, Hue background, double leastFill, double mostFill) {
        DrawnPicture picture = DrawnPicture.of(sd.textToImage(prompt).seed(1).generate());

        assertThat(picture.background()).isEqualTo(background);
        assertThat(picture.shapeColour()).isEqualTo(shape);
        assertThat(picture.fill()).isBetween(leastFill, mostFill);
        assertThat(picture.coverage()).isBetween(0.04, 0.8);
    }

    @ParameterizedTest
    @EnumSource
    void everySamplerDraws(Sampler sampler) {
        DrawnPicture picture = DrawnPicture.of(sd.textToImage("a red circle on a white background")
                .sampling(Sampling.of(sampler))
                .steps(sampler == Sampler.IPNDM || sampler == Sampler.IPNDM_V ? 12 : 8)
                .guidanceScale(sampler.name().contains("CFG_PP") ? 1.2 : sd.defaultGuidanceScale())
                .seed(3)
                .generate());

        assertThat(picture.background()).isEqualTo(Hue.WHITE);
        assertThat(picture.shapeColour()).isEqualTo(Hue.RED);
    }

    @ParameterizedTest
    @EnumSource
    void everyScheduleDraws(NoiseSchedule schedule) {
        DrawnPicture picture = DrawnPicture.of(sd.textToImage("a red circle on a white background")
                .sampling(Sampling.of(Sampler.EULER).withSchedule(schedule))
                .steps(8)
                .seed(3)
                .generate());

        assertThat(picture.background()).isEqualTo(Hue.WHITE);
        assertThat(picture.shapeColour()).isEqualTo(Hue.RED);
    }

    @Test
    void theSizeIsWhatWasAskedFor() {
        GeneratedImage image = quickCircle().size(192, 128).steps(2).generate();
        assertThat(image.width()).isEqualTo(192);
        assertThat(image.height()).isEqualTo(128);
        assertThat(image.pixels().byteSize()).isEqualTo(192 * 128 * 3);
        assertThat(sd.textToImage("a star").steps(1).generate().width())
                .isEqualTo(sd.nativeSize().width());
    }

    @Test
    void theSameSeedGivesTheSameBytes() {
        GeneratedImage first = quickCircle().generate();
        assertThat(bytes(quickCircle().generate())).isEqualTo(bytes(first));
        assertThat(bytes(quickCircle().seed(8).generate())).isNotEqualTo(bytes(first));
    }

    @Test
    void aRandomSeedIsReportedAndDrawsTheSameAgain() {
        ImageGeneration request =
                sd.textToImage("a red circle on a white background").steps(4);
        GeneratedImage first = request.generate();
        GeneratedImage second = request.generate();
        assertThat(first.seed()).isNotNegative().isNotEqualTo(second.seed());
        assertThat(bytes(request.seed(first.seed()).generate())).isEqualTo(bytes(first));
    }

    @Test
    void aBatchOfFourGivesFourPictures() {
        List<GeneratedImage> images = quickCircle().batchCount(4).generateAll();

        assertThat(images).extracting(GeneratedImage::seed).containsExactly(7L, 8L, 9L, 10L);
        Set<ByteBuffer> different =
                new HashSet<>(images.stream().map(DrawingTest::bytes).toList());
        assertThat(different).hasSize(4);
        assertThat(bytes(quickCircle().seed(9).generate())).isEqualTo(bytes(images.get(2)));
        assertThatThrownBy(() -> quickCircle().batchCount(4).generate())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("generateAll");
    }

    @Test
    void lowStrengthKeepsTheLayout() {
        GeneratedImage circle = sd.textToImage("a small blue circle in the top left on a white background")
                .seed(5)
                .generate();
        DrawnPicture before = DrawnPicture.of(circle);
        DrawnPicture after = DrawnPicture.of(sd.imageToImage(
                        InitImage.of(circle.toBufferedImage()).withStrength(0.25),
                        "a small blue circle in the top left")
                .seed(6)
                .generate());

        assertThat(after.background()).isEqualTo(before.background());
        assertThat(after.overlap(before)).isGreaterThan(0.7);
    }

    @Test
    void inpaintingKeepsWhatTheMaskKeeps() {
        BufferedImage circle = sd.textToImage("a red circle on a white background")
                .seed(5)
                .generate()
                .toBufferedImage();
        BufferedImage mask = new BufferedImage(circle.getWidth(), circle.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = mask.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(circle.getWidth() / 2, 0, circle.getWidth() / 2, circle.getHeight());
        graphics.dispose();

        BufferedImage result = sd.imageToImage(
                        InitImage.of(circle).withMask(mask).withStrength(1), "a black background")
                .steps(8)
                .seed(2)
                .generate()
                .toBufferedImage();

        assertThat(meanDifference(circle, result, 0, circle.getWidth() / 2 - 16))
                .isLessThan(12);
        assertThat(meanDifference(circle, result, circle.getWidth() / 2 + 16, circle.getWidth()))
                .isGreaterThan(25);
    }

    private static double meanDifference(BufferedImage a, BufferedImage b, int fromX, int toX) {
        return IntStream.range(fromX, toX)
                .boxed()
                .flatMapToInt(x -> IntStream.range(0, a.getHeight()).flatMap(y -> {
                    Color first = new Color(a.getRGB(x, y));
                    Color second = new Color(b.getRGB(x, y));
                    return IntStream.of(
                            Math.abs(first.getRed() - second.getRed()),
                            Math.abs(first.getGreen() - second.getGreen()),
                            Math.abs(first.getBlue() - second.getBlue()));
                }))
                .average()
                .orElseThrow();
    }

    @Test
    void guidanceOfOneDrawsWithoutTheNegativePrompt() {
        GeneratedImage plain = quickCircle().guidanceScale(1).generate();
        GeneratedImage negative =
                quickCircle().guidanceScale(1).negativePrompt("a blue square").generate();
        assertThat(bytes(negative)).isEqualTo(bytes(plain));
        assertThat(negative.report().warnings()).singleElement().asString().contains("negative prompt has no effect");
        assertThat(plain.report().warnings()).isEmpty();
        assertThat(bytes(quickCircle().negativePrompt("a blue square").generate()))
                .isNotEqualTo(bytes(quickCircle().generate()));
    }

    @Test
    void theModelsFileRecommendsGuidanceAndSteps() {
        GeneratedImage image = sd.textToImage("a star").batchCount(1).steps(1).generate();
        assertThat(sd.defaultGuidanceScale()).isEqualTo(2);
        assertThat(sd.defaultSteps()).isEqualTo(12);
        assertThat(image.report().request().guidanceScale()).hasValue(2);
        assertThat(((NativeSampling) image.report().request().sampling()).sampler())
                .contains(sd.defaultSampler());
    }

    @Test
    void ownSigmasReplaceTheSchedule() {
        GeneratedImage image = sd.textToImage("a red circle on a white background")
                .seed(7)
                .sampling(Sampling.of(Sampler.EULER).withSigmas(14.6, 6, 2.5, 1, 0.4, 0))
                .generate();
        assertThat(image.report().request().steps()).hasValue(5);
        assertThat(DrawnPicture.of(image).background()).isEqualTo(Hue.WHITE);
    }

    @Test
    void aHighResolutionFixDoublesTheSize() {
        GeneratedImage image = quickCircle()
                .steps(4)
                .sampling(Sampling.standard().withHighResFix(HighResFix.twice()))
                .generate();
        assertThat(image.width()).isEqualTo(2 * sd.nativeSize().width());
        assertThat(image.parametersText())
                .contains("Size: " + image.width() + "x")
                .contains("Hires upscale: 2");
    }

    @Test
    void tiledDecodingGivesNearlyTheSamePicture() {
        BufferedImage whole = quickCircle().size(256, 256).steps(3).generate().toBufferedImage();
        BufferedImage tiled = quickCircle()
                .size(256, 256)
                .steps(3)
                .vaeTiling(new VaeTiling(16, 16, 0.5))
                .generate()
                .toBufferedImage();
        assertThat(meanDifference(whole, tiled, 0, 256)).isBetween(0.001, 12.0);
    }

    @Test
    void aStepCacheChangesLittle() {
        BufferedImage exact = quickCircle().steps(20).generate().toBufferedImage();
        BufferedImage cached = quickCircle()
                .steps(20)
                .sampling(Sampling.standard().withCache(StepCache.uCache()))
                .generate()
                .toBufferedImage();
        assertThat(new DrawnPicture(cached).background()).isEqualTo(new DrawnPicture(exact).background());
        assertThat(new DrawnPicture(cached).shapeColour()).isEqualTo(Hue.RED);
    }

    @Test
    void previewsShowTheRun() {
        List<Preview> previews = new ArrayList<>();
        quickCircle().steps(6).onPreview(PreviewMode.VAE, 2, previews::add).generate();
        assertThat(previews).extracting(Preview::step).containsExactly(2, 4, 6);
        assertThat(previews.getLast().image().getWidth())
                .isEqualTo(sd.nativeSize().width());
        assertThat(new DrawnPicture(previews.getLast().image()).background()).isEqualTo(Hue.WHITE);

        previews.clear();
        quickCircle()
                .steps(2)
                .onPreview(PreviewMode.PROJECTION, 1, previews::add)
                .generate();
        assertThat(previews).extracting(Preview::step).containsExactly(1, 2);
        assertThat(previews.getLast().image().getWidth())
                .isEqualTo(sd.nativeSize().width() / 8);
    }

    @Test
    void progressNamesEveryPhaseAndReachesItsEnd() {
        List<Progress> events = new ArrayList<>();
        quickCircle().batchCount(2).onProgress(events::add).generateAll();

        assertThat(events)
                .extracting(Progress::phase)
                .contains(Progress.Phase.ENCODING, Progress.Phase.SAMPLING, Progress.Phase.DECODING)
                .endsWith(Progress.Phase.DECODING);
        assertThat(events.stream().filter(e -> e.phase() == Progress.Phase.SAMPLING && e.image() == 1))
                .extracting(Progress::step)
                .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(events).allSatisfy(e -> assertThat(e.step()).isBetween(0, e.of()));
    }

    @Test
    void aPictureOnDiskCarriesItsParameters(@TempDir Path folder) throws Exception {
        GeneratedImage image = quickCircle().steps(4).negativePrompt("blurry").generate();
        Path file = image.save(folder.resolve("circle.png"));

        BufferedImage read = ImageIO.read(file.toFile());
        BufferedImage direct = image.toBufferedImage();
        assertThat(read.getRGB(30, 40)).isEqualTo(direct.getRGB(30, 40));
        assertThat(image.parametersText())
                .startsWith("a red circle on a white background\nNegative prompt: blurry\nSteps: 4, Sampler: Euler a, ")
                .contains("Seed: 7, Size: 128x128");
        var json = new com.fasterxml.jackson.databind.ObjectMapper().readTree(image.parametersJson());
        assertThat(json.get("seed").asLong()).isEqualTo(7);
        assertThat(json.at("/request/sampling/sampler").asText()).isEqualTo("euler_a");
    }

    @Test
    void aPromptOfManyChunksDraws() {
        String prompt = "a red circle on a white background, ".repeat(140);
        assertThat(prompt.length()).isGreaterThan(4000);
        assertThat(sd.textToImage(prompt).steps(1).generate().width())
                .isEqualTo(sd.nativeSize().width());
    }
}
