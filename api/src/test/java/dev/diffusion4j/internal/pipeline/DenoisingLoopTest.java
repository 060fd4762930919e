package dev.diffusion4j.internal.pipeline;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.Progress;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.References;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.SchedulerSampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.scheduler.HeunScheduler;
import dev.diffusion4j.scheduler.PndmScheduler;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.DrawnPicture;
import dev.diffusion4j.testing.DrawnPicture.Hue;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loop in Java over the demo model's parts: what it draws, and that it behaves as the native path does. */
@Tag("native")
class DenoisingLoopTest {

    private static final String CIRCLE = "a red circle on a white background";

    private static DiffusionModel sd;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static ImageGeneration quick() {
        return sd.textToImage(CIRCLE).seed(7).steps(8).sampling(Sampling.with(EulerScheduler.stableDiffusion()));
    }

    @ParameterizedTest
    @CsvSource({
        "pndm, 50",
        "lms, 25",
        "heun, 25",
        "dpm-solver-multistep, 25",
        "euler, 25",
        "euler-ancestral, 25",
        "ddim, 25",
    })
    void everySchedulerDrawsWhatThePromptAsksFor(String name, int steps) {
        DrawnPicture picture = DrawnPicture.of(sd.textToImage("a blue square on a yellow background")
                .sampling(Sampling.with(SchedulerType.of(name).create()))
                .steps(steps)
                .seed(1)
                .generate());

        assertThat(picture.background()).isEqualTo(Hue.YELLOW);
        assertThat(picture.shapeColour()).isEqualTo(Hue.BLUE);
        assertThat(picture.fill()).isBetween(0.62, 1.0);
        assertThat(picture.coverage()).isBetween(0.04, 0.5);
    }

    @Test
    void eulerOverTheRuntimesNoiseLevelsAgreesWithTheNativeSampler() {
        Scheduler scheduler = EulerScheduler.stableDiffusion()
                .withSigmas(sd.noiseLevels(NoiseSchedule.DISCRETE, 10, sd.nativeSize()));

        assertAgreement(Sampler.EULER, scheduler);
    }

    @Test
    void heunOverTheRuntimesNoiseLevelsAgreesWithTheNativeSampler() {
        Scheduler scheduler =
                HeunScheduler.stableDiffusion().withSigmas(sd.noiseLevels(NoiseSchedule.DISCRETE, 10, sd.nativeSize()));

        assertAgreement(Sampler.HEUN, scheduler);
    }

    @Test
    void eulerOverKarrasLevelsAgreesWithTheNativeSampler() {
        Scheduler scheduler =
                EulerScheduler.stableDiffusion().withSigmas(sd.noiseLevels(NoiseSchedule.KARRAS, 12, sd.nativeSize()));
        String prompt = "a (large:1.3) green triangle on a black background, in the [middle]";
        BufferedImage nativePicture = sd.textToImage(prompt)
                .negativePrompt("blue")
                .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.KARRAS))
                .steps(12)
                .seed(5)
                .generate()
                .toBufferedImage();
        BufferedImage javaPicture = sd.textToImage(prompt)
                .negativePrompt("blue")
                .sampling(Sampling.with(scheduler))
                .seed(5)
                .generate()
                .toBufferedImage();

        assertThat(psnr(nativePicture, javaPicture)).isGreaterThan(35);
    }

    private static void assertAgreement(Sampler sampler, Scheduler scheduler) {
        BufferedImage nativePicture = sd.textToImage(CIRCLE)
                .sampling(Sampling.of(sampler).withSchedule(NoiseSchedule.DISCRETE))
                .steps(10)
                .seed(42)
                .generate()
                .toBufferedImage();
        BufferedImage javaPicture = sd.textToImage(CIRCLE)
                .sampling(Sampling.with(scheduler))
                .seed(42)
                .generate()
                .toBufferedImage();

        assertThat(psnr(nativePicture, javaPicture)).isGreaterThan(35);
    }

    @Test
    void theSameSeedDrawsTheSamePictureAndABatchDrawsDifferentOnes() {
        List<GeneratedImage> batch = quick().batchCount(2).generateAll();
        GeneratedImage second = quick().seed(8).generate();

        assertThat(batch).hasSize(2);
        assertThat(batch.get(1).pixels().mismatch(second.pixels())).isEqualTo(-1);
        assertThat(batch.get(0).pixels().mismatch(second.pixels())).isNotEqualTo(-1);
        assertThat(batch.get(1).seed()).isEqualTo(8);
    }

    @Test
    void imageToImageAtLowStrengthKeepsTheLayout() {
        BufferedImage image = square();

        DrawnPicture redrawn = DrawnPicture.of(
                sd.imageToImage(InitImage.of(image).withStrength(0.3), "a red square on a white background")
                        .sampling(Sampling.with(SchedulerType.DDIM.create()))
                        .seed(3)
                        .generate());

        assertThat(redrawn.overlap(new DrawnPicture(image))).isGreaterThan(0.7);
        assertThat(redrawn.background()).isEqualTo(Hue.WHITE);
    }

    @Test
    void inpaintingKeepsWhatTheMaskDoesNotCover() {
        BufferedImage image = square();
        BufferedImage mask = new BufferedImage(128, 128, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = mask.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(64, 0, 64, 128);
        graphics.dispose();

        BufferedImage redrawn = sd.imageToImage(
                        InitImage.of(image).withMask(mask).withStrength(0.9), "a green background")
                .sampling(Sampling.with(PndmScheduler.stableDiffusion()))
                .seed(3)
                .generate()
                .toBufferedImage();

        assertThat(psnr(redrawn.getSubimage(0, 0, 48, 128), image.getSubimage(0, 0, 48, 128)))
                .isGreaterThan(20);
        assertThat(psnr(redrawn.getSubimage(64, 0, 64, 128), image.getSubimage(64, 0, 64, 128)))
                .isLessThan(20);
    }

    private static BufferedImage square() {
        BufferedImage image = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(new Color(248, 248, 248));
        graphics.fillRect(0, 0, 128, 128);
        graphics.setColor(new Color(220, 30, 35));
        graphics.fillRect(12, 44, 40, 40);
        graphics.dispose();
        return image;
    }

    @Test
    void aListenerSeesEveryStepAndReportsFitProgress() {
        List<String> steps = new ArrayList<>();
        List<Integer> progress = new ArrayList<>();

        GeneratedImage image = quick().onStep(step -> {
                    steps.add(step.index() + "/" + step.count());
                    assertThat(step.latents().shape().toString()).isEqualTo("1x4x16x16");
                    assertThat(step.prediction().standardDeviation()).isBetween(0.1, 3.0);
                })
                .onProgress(event -> {
                    if (event.phase() == Progress.Phase.SAMPLING) {
                        progress.add(event.step());
                    }
                })
                .generate();

        assertThat(steps).containsExactly("0/8", "1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8");
        assertThat(progress).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(image.report().request().sampling())
                .isInstanceOfSatisfying(
                        SchedulerSampling.class,
                        sampling -> assertThat(sampling.scheduler().name()).isEqualTo("Euler"));
        assertThat(image.parametersText()).contains("Sampler: Euler").doesNotContain("Schedule type");
        assertThat(image.parametersJson()).contains("\"scheduler\":\"Euler\"").doesNotContain("\"sampler\"");
    }

    @Test
    void aListenerReplacesLatents() {
        GeneratedImage plain = quick().generate();
        try (Tensor zeros = Tensor.zeros(Shape.of(1, 4, 16, 16))) {
            GeneratedImage changed = quick().onStep(step -> {
                        if (step.index() == step.count() - 1) {
                            step.latents().copyFrom(zeros);
                        }
                    })
                    .generate();
            BufferedImage empty = sd.vae().decodeToImage(zeros);

            assertThat(psnr(changed.toBufferedImage(), empty)).isGreaterThan(50);
            assertThat(psnr(plain.toBufferedImage(), empty)).isLessThan(20);
        }
    }

    @Test
    void aListenerChangesGuidance() {
        GeneratedImage without = quick().guidanceScale(1).generate();
        GeneratedImage switchedOff = quick().guidanceScale(1).onStep(step -> {}).generate();
        GeneratedImage switchedOn =
                quick().guidanceScale(1).onStep(step -> step.guidanceScale(6)).generate();

        assertThat(switchedOff.pixels().mismatch(without.pixels())).isEqualTo(-1);
        assertThat(switchedOn.pixels().mismatch(without.pixels())).isNotEqualTo(-1);
        assertThatThrownBy(() -> quick().onStep(step -> step.guidanceScale(-1)).generate())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("guidanceScale");
    }

    @Test
    void aListenerMayDecodeOnTheModelsThread() {
        List<Hue> backgrounds = new ArrayList<>();

        quick().steps(5)
                .onStep(step -> backgrounds.add(new DrawnPicture(sd.vae().decodeToImage(step.latents())).background()))
                .generate();

        assertThat(backgrounds).hasSize(5);
        assertThat(backgrounds.getLast()).isEqualTo(Hue.WHITE);
    }

    @Test
    void whatAListenerThrowsReachesTheCallerAndTheModelStaysUsable() {
        IllegalStateException failure = new IllegalStateException("no more");

        assertThatThrownBy(() -> quick().onStep(step -> {
                            throw failure;
                        })
                        .generate())
                .isSameAs(failure);
        assertThat(DrawnPicture.of(quick().generate()).shapeColour()).isEqualTo(Hue.RED);
    }

    @Test
    void aCancelledLoopStopsWithinAStep() throws InterruptedException {
        CountDownLatch third = new CountDownLatch(3);
        List<Integer> steps = new ArrayList<>();

        Generation<GeneratedImage> generation = quick().steps(100)
                .onStep(step -> {
                    steps.add(step.index());
                    third.countDown();
                })
                .start();
        assertThat(third.await(60, TimeUnit.SECONDS)).isTrue();
        generation.cancel();

        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        assertThat(steps.size()).isLessThan(20);
        assertThat(DrawnPicture.of(quick().generate()).shapeColour()).isEqualTo(Hue.RED);
    }

    @Test
    void refusesWhatBelongsToTheNativeSampler() {
        assertThatThrownBy(() -> quick().onPreview(PreviewMode.PROJECTION, 1, preview -> {})
                        .start())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("onPreview");
        assertThatThrownBy(() -> quick().references(References.of(square())).start())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("references");
        assertThatThrownBy(() -> sd.textToImage(CIRCLE).onStep(step -> {}).start())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("scheduler");
        assertThatThrownBy(() -> sd.textToImage(CIRCLE)
                        .sampling(Sampling.with(EulerScheduler.stableDiffusion().withSteps(10)))
                        .steps(12)
                        .start())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("steps");
    }

    @Test
    void chunksAndWeightsAreEncodedAsTheNativePathEncodesThem() {
        String words = "a red circle on a white background ".repeat(12).strip();
        try (Conditioning conditioning = sd.encodePrompt(words)) {
            assertThat(conditioning.context().shape().dimension(1)).isEqualTo(154);
        }
        try (Conditioning plain = sd.encodePrompt("a red circle");
                Conditioning weighted = sd.encodePrompt("a (red:1.4) circle")) {
            assertThat(weighted.context().mean()).isCloseTo(plain.context().mean(), within(1e-6));
            assertThat(weighted.context().get(0, 2, 0))
                    .isNotEqualTo(plain.context().get(0, 2, 0));
        }
    }
}
