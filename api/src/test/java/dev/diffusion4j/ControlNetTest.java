package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.ControlNet;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.image.CannyEdges;
import dev.diffusion4j.request.Control;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.DrawnPicture;
import dev.diffusion4j.testing.DrawnPicture.Hue;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo model's ControlNet: what it draws, on the native path and in the loop in Java, and what is refused. */
@Tag("native")
@Timeout(300)
class ControlNetTest {

    private static final String PROMPT = "a red shape";
    private static final int STEPS = 8;
    private static final java.awt.Shape CIRCLE = new Ellipse2D.Double(60, 56, 52, 52);

    private static DiffusionModel sd;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.options()
                .controlNet("outline", DemoModel.controlNet())
                .controlNet("again", DemoModel.controlNet())
                .open(DemoModel.path());
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static BufferedImage drawn(boolean filled, Color ink, Color paper) {
        BufferedImage image = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setColor(paper);
        graphics.fillRect(0, 0, 128, 128);
        graphics.setColor(ink);
        graphics.setStroke(new BasicStroke(2));
        if (filled) {
            graphics.fill(CIRCLE);
        } else {
            graphics.draw(CIRCLE);
        }
        graphics.dispose();
        return image;
    }

    private static BufferedImage outline() {
        return drawn(false, Color.WHITE, Color.BLACK);
    }

    private static Control control() {
        return Control.of(outline()).withControlNet("outline");
    }

    private static ImageGeneration natively() {
        return sd.textToImage(PROMPT)
                .sampling(Sampling.of(Sampler.EULER).withSchedule(NoiseSchedule.DISCRETE))
                .steps(STEPS)
                .seed(5);
    }

    private static ImageGeneration inJava() {
        return sd.textToImage(PROMPT)
                .sampling(Sampling.with(EulerScheduler.stableDiffusion()
                        .withSigmas(sd.noiseLevels(NoiseSchedule.DISCRETE, STEPS, sd.nativeSize()))))
                .seed(5);
    }

    private static double overlap(BufferedImage picture) {
        DrawnPicture wanted = new DrawnPicture(drawn(true, Color.RED, Color.WHITE));
        return new DrawnPicture(picture).overlap(wanted);
    }

    private static void assertFillsTheOutline(BufferedImage picture) {
        assertThat(new DrawnPicture(picture).shapeColour()).isEqualTo(Hue.RED);
        assertThat(overlap(picture)).isGreaterThan(0.8);
    }

    private static void assertSame(GeneratedImage a, GeneratedImage b) {
        assertThat(a.pixels().mismatch(b.pixels())).isEqualTo(-1);
    }

    @Test
    void drawsTheColourInTheOutline() {
        assertThat(overlap(natively().generate().toBufferedImage())).isLessThan(0.6);
        assertFillsTheOutline(natively().control(control()).generate().toBufferedImage());
    }

    @Test
    void theLoopInJavaDrawsTheSame() {
        BufferedImage native_ = natively().control(control()).generate().toBufferedImage();
        BufferedImage java = inJava().control(control()).generate().toBufferedImage();

        assertFillsTheOutline(java);
        assertThat(psnr(native_, java)).isGreaterThan(35);
    }

    @Test
    void bothPathsObeyStrengthAndRange() {
        Control weak = control().withStrength(0.4).withRange(0.25, 0.75);
        BufferedImage native_ = natively().control(weak).generate().toBufferedImage();
        BufferedImage java = inJava().control(weak).generate().toBufferedImage();

        assertThat(psnr(native_, java)).isGreaterThan(35);
        assertThat(psnr(native_, natively().control(control()).generate().toBufferedImage()))
                .isLessThan(30);
    }

    @Test
    void withoutStrengthOrStepsItHasNoEffect() {
        GeneratedImage plain = natively().generate();

        assertSame(natively().control(control().withStrength(0)).generate(), plain);
        // No step of eight lies in it as a whole.
        assertSame(natively().control(control().withRange(0.4, 0.5)).generate(), plain);
        assertSame(natively().generate(), plain);
    }

    @Test
    void severalAddUp() {
        BufferedImage one = natively().control(control()).generate().toBufferedImage();
        BufferedImage halves = natively()
                .control(control().withStrength(0.5))
                .control(control().withControlNet("again").withStrength(0.5))
                .generate()
                .toBufferedImage();

        assertThat(psnr(one, halves)).isGreaterThan(35);
    }

    @Test
    void everyPictureOfABatchObeysIt() {
        natively().control(control()).batchCount(2).generateAll().stream()
                .map(GeneratedImage::toBufferedImage)
                .forEach(ControlNetTest::assertFillsTheOutline);
    }

    @Test
    void redrawsAndInpaintsWithIt() {
        BufferedImage white = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = white.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 128, 128);
        graphics.dispose();
        for (ImageGeneration begun : List.of(natively(), inJava())) {
            ImageRequest redraw = begun.initImage(InitImage.of(white).withStrength(0.95))
                    .control(control())
                    .toRequest();
            assertFillsTheOutline(sd.generate(redraw).toBufferedImage());
            ImageRequest inpaint = redraw.toBuilder()
                    .initImage(InitImage.of(white).withStrength(0.95).withMask(white))
                    .build();
            assertFillsTheOutline(sd.generate(inpaint).toBufferedImage());
        }
    }

    /** The runtime would add the first pass's hint, of the smaller size, to the latents of the second. */
    @Test
    void theSecondPassOfTheHighResFixObeysItInItsOwnSize() {
        GeneratedImage large = natively()
                .sampling(Sampling.of(Sampler.EULER)
                        .withHighResFix(HighResFix.twice().withDenoisingStrength(0.5)))
                .control(control())
                .generate();

        assertThat(large.width()).isEqualTo(256);
        BufferedImage small = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        small.createGraphics().drawImage(large.toBufferedImage(), 0, 0, 128, 128, null);
        assertThat(overlap(small)).isGreaterThan(0.7);
    }

    @Test
    void aPictureOfAnotherSizeIsScaled() {
        BufferedImage large = new BufferedImage(256, 256, BufferedImage.TYPE_INT_RGB);
        large.createGraphics().drawImage(outline(), 0, 0, 256, 256, null);

        assertFillsTheOutline(natively()
                .control(Control.of(large).withControlNet("outline"))
                .generate()
                .toBufferedImage());
    }

    @Test
    void theEdgesOfAPictureAreAnOutline() {
        BufferedImage edges = CannyEdges.of(drawn(true, Color.BLUE, Color.YELLOW));

        assertFillsTheOutline(natively()
                .control(Control.of(edges).withControlNet("outline"))
                .generate()
                .toBufferedImage());
    }

    @Test
    void anIsolatedModelDrawsTheSame() {
        try (DiffusionModel isolated = DiffusionModel.options()
                .isolated()
                .controlNet(DemoModel.controlNet())
                .open(DemoModel.path())) {
            ImageRequest request = natively().control(outline()).toRequest();
            GeneratedImage here =
                    sd.generate(request.toBuilder().controls(List.of(control())).build());

            assertSame(isolated.generate(request), here);
            try (Tensor there = isolated.controlNets().getFirst().embed(outline());
                    Tensor hint = sd.controlNets().getFirst().embed(outline())) {
                assertThat(there.toArray()).isEqualTo(hint.toArray());
            }
        }
    }

    @Test
    void theReportTellsOfIt() {
        GeneratedImage image = natively()
                .control(control().withStrength(0.5).withRange(0, 0.9))
                .generate();

        assertThat(ReportText.json(image.report(), image.width(), image.height()))
                .contains("\"controls\":[{\"controlNet\":\"outline\",\"strength\":0.5,\"start\":0.0,\"end\":0.9}]");
    }

    @Test
    void aControlPictureWithoutAControlNetIsRefused() {
        try (DiffusionModel plain = DiffusionModel.open(DemoModel.path())) {
            assertThat(plain.controlNets()).isEmpty();
            assertThatThrownBy(
                            () -> plain.textToImage(PROMPT).control(outline()).generate())
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("control must be absent");
        }
    }

    @Test
    void whichOfSeveralControlNetsHasToBeSaid() {
        assertThatThrownBy(() -> natively().control(outline()).generate())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("one of outline, again");
        assertThatThrownBy(() ->
                        natively().control(control().withControlNet("depth")).generate())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("one of outline, again")
                .hasMessageContaining("depth");
    }

    /** The runtime would log that and draw on without control. */
    @Test
    void aComputationThatFailsIsAnErrorAndTheModelStaysUsable(@TempDir Path folder) throws IOException {
        Path copy = Files.copy(DemoModel.controlNet(), folder.resolve("outline.safetensors"));
        try (DiffusionModel model = DiffusionModel.options().controlNet(copy).open(DemoModel.path())) {
            Files.delete(copy);
            ImageGeneration request = model.textToImage(PROMPT).steps(2).seed(1);

            assertThatThrownBy(() -> request.control(outline()).generate()).isInstanceOf(NativeFailureException.class);
            assertThat(request.controls(List.of()).generate().width()).isEqualTo(128);
        }
    }

    @Test
    void thePartsRefuseWhatDoesNotFit() {
        ControlNet net = sd.controlNets().getFirst();
        assertThat(net.name()).isEqualTo("outline");
        assertThat(net.residualShapes(Shape.of(1, 4, 16, 16)))
                .hasSize(13)
                .startsWith(Shape.of(1, 64, 16, 16))
                .endsWith(Shape.of(1, 256, 2, 2));
        try (Tensor odd = Tensor.zeros(Shape.of(1, 3, 100, 128));
                Tensor latents = Tensor.zeros(Shape.of(1, 4, 16, 16));
                Tensor prediction = Tensor.zeros(Shape.of(1, 4, 16, 16));
                Conditioning prompt = sd.encodePrompt(PROMPT);
                Tensor hint = net.embed(outline())) {
            assertThatThrownBy(() -> net.embed(odd)).isInstanceOf(InvalidRequestException.class);
            assertThatThrownBy(() -> net.predict(latents, 1000, prompt, hint))
                    .isInstanceOf(InvalidRequestException.class);
            assertThatThrownBy(() -> net.predict(latents, 1, prompt, latents))
                    .isInstanceOf(InvalidRequestException.class);
            assertThatThrownBy(() ->
                            sd.unet().predictNoise(latents, 1, prompt.with(Conditioning.RESIDUALS, hint), prediction))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("residuals");
        }
    }
}
