package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.PictureParameters;
import dev.diffusion4j.internal.ffm.library.NativeCounts;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.UpscaleRequest;
import dev.diffusion4j.request.UpscalerOptions;
import dev.diffusion4j.testing.models.UpscalerFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Upscalers over native code, with networks of which each pixel of the result is known. */
@Tag("native")
@Timeout(180)
class UpscalerTest {

    private static final UpscalerOptions CPU = UpscalerOptions.DEFAULT.withDevice(DeviceChoice.cpu());

    @TempDir
    private static Path folder;

    private static Path twice;
    private static Upscaler upscaler;

    @BeforeAll
    static void open() {
        twice = UpscalerFiles.nearest(2, 1).write(folder.resolve("nearest-x2.safetensors"));
        upscaler = Upscaler.open(twice, CPU);
    }

    @AfterAll
    static void close() {
        upscaler.close();
    }

    /** Of many colours, and each pixel another. */
    private static BufferedImage picture(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(
                        x, y, (x * 53 + y * 97) % 256 << 16 | (x * 151 + y * 29) % 256 << 8 | (x * 11 + y * 7) % 256);
            }
        }
        return image;
    }

    private static UpscaleRequest request(int width, int height) {
        return UpscaleRequest.of(Picture.of(picture(width, height)));
    }

    /** Each pixel is a square now; what is blended of equal tiles may be off by a rounding. */
    private static void assertSquares(BufferedImage small, BufferedImage large, int factor) {
        assertThat(large.getWidth()).isEqualTo(factor * small.getWidth());
        assertThat(large.getHeight()).isEqualTo(factor * small.getHeight());
        for (int y = 0; y < large.getHeight(); y++) {
            for (int x = 0; x < large.getWidth(); x++) {
                int expected = small.getRGB(x / factor, y / factor);
                int actual = large.getRGB(x, y);
                for (int shift = 0; shift <= 16; shift += 8) {
                    assertThat((actual >> shift & 0xFF) - (expected >> shift & 0xFF))
                            .as("%d, %d", x, y)
                            .isBetween(-1, 1);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 3, 33, 7", "2, 1, 1, 1", "4, 2, 20, 30"})
    void makesSquaresOfPixels(int scale, int blocks, int width, int height) {
        Path file = UpscalerFiles.nearest(scale, blocks).write(folder.resolve(scale + "." + blocks + ".safetensors"));
        try (Upscaler opened = Upscaler.open(file, CPU)) {
            assertThat(opened.scale()).isEqualTo(scale);
            assertThat(opened.name()).isEqualTo(file.getFileName().toString());
            assertThat(opened.device()).isEqualTo("CPU");
            BufferedImage small = picture(width, height);
            assertSquares(small, opened.upscale(small).toBufferedImage(), scale);
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "4"})
    void readsTheNamesOfOldFiles(int scale) {
        Path file = UpscalerFiles.oldNames(scale, 2).write(folder.resolve("old" + scale + ".safetensors"));
        try (Upscaler opened = Upscaler.open(file, CPU.withThreads(1))) {
            BufferedImage small = picture(18, 5);
            assertSquares(small, opened.upscale(small).toBufferedImage(), scale);
        }
    }

    @ParameterizedTest
    @CsvSource({"16, 50, 37", "32, 90, 20", "32, 20, 90", "33, 34, 34", "16, 17, 16"})
    void tilesFitTogether(int tileSize, int width, int height) {
        UpscaledImage large = upscaler.upscale(request(width, height).withTileSize(tileSize));
        assertSquares(picture(width, height), large.toBufferedImage(), 2);
    }

    @Test
    void repeats() {
        UpscaledImage large = upscaler.upscale(request(9, 6).withRepeat(3));
        assertSquares(picture(9, 6), large.toBufferedImage(), 8);
        assertThat(large.factor()).isEqualTo(8);
        assertThat(large).hasToString("72x48 image, enlarged 8 times by nearest-x2.safetensors");
    }

    @Test
    void tellsOfProgressTileByTileAndPassByPass() {
        List<Progress> heard = new ArrayList<>();
        upscaler.start(request(40, 16).withTileSize(16).withRepeat(2), GenerationListener.NONE.onProgress(heard::add))
                .await();
        List<Progress> tiles = heard.stream()
                .filter(report -> report.phase() == Progress.Phase.UPSCALING)
                .toList();
        for (int pass = 0; pass < 2; pass++) {
            int of = pass;
            List<Progress> reports =
                    tiles.stream().filter(report -> report.image() == of).toList();
            assertThat(reports)
                    .isNotEmpty()
                    .allSatisfy(report -> assertThat(report.images()).isEqualTo(2));
            Progress last = reports.getLast();
            assertThat(last.of()).isGreaterThan(2);
            assertThat(last.step()).isEqualTo(last.of());
            assertThat(reports.stream().map(Progress::step).toList()).isSorted();
        }
        assertThat(tiles.getLast())
                .hasToString("upscaling image 2/2 " + tiles.getLast().of() + "/"
                        + tiles.getLast().of());
    }

    @Test
    void aPictureInOnePieceReportsItsBeginningAndEnd() {
        List<Progress> heard = new ArrayList<>();
        upscaler.start(request(8, 8), GenerationListener.NONE.onProgress(heard::add))
                .await();
        assertThat(heard.stream()
                        .filter(report -> report.phase() == Progress.Phase.UPSCALING)
                        .map(Progress::step))
                .containsExactly(0, 1);
    }

    @Test
    void isCancelledAmongTiles() throws InterruptedException {
        CountDownLatch running = new CountDownLatch(1);
        Generation<UpscaledImage> generation =
                upscaler.start(request(600, 600).withTileSize(16), GenerationListener.NONE.onProgress(report -> {
                    if (report.phase() == Progress.Phase.UPSCALING && report.step() > 0) {
                        running.countDown();
                    }
                }));
        running.await();
        generation.cancel();
        assertThatExceptionOfType(GenerationCancelledException.class).isThrownBy(generation::await);
        // It goes on to be of use.
        assertSquares(picture(3, 3), upscaler.upscale(picture(3, 3)).toBufferedImage(), 2);
    }

    @Test
    void whatAListenerThrowsReachesTheCaller() {
        Generation<UpscaledImage> generation =
                upscaler.start(request(40, 40).withTileSize(16), GenerationListener.NONE.onProgress(_ -> {
                    throw new IllegalArgumentException("mine");
                }));
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(generation::await)
                .withMessage("mine");
    }

    @Test
    void warnsOfTransparencyAndMakesItWhite() {
        BufferedImage clear = new BufferedImage(4, 4, BufferedImage.TYPE_INT_ARGB);
        List<String> heard = new ArrayList<>();
        UpscaledImage large = upscaler.start(
                        UpscaleRequest.of(Picture.of(clear)), GenerationListener.NONE.onWarning(heard::add))
                .await();
        assertThat(heard).containsExactly("the picture's transparency is lost: what was transparent is white");
        assertThat(large.warnings()).isEqualTo(heard);
        assertThat(large.toBufferedImage().getRGB(0, 0)).isEqualTo(0xFFFFFFFF);
    }

    @Test
    void refusesWhatItCannotDoBeforeItBegins() {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> upscaler.start(request(100, 100).withRepeat(8)))
                .withMessageContaining("256 times larger")
                .withMessageContaining("at most 268435456 pixels");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> upscaler.start(
                        request(8, 8), GenerationListener.NONE.onPreview(PreviewMode.PROJECTION, 1, _ -> {})))
                .withMessageContaining("onPreview");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> request(8, 8).withTileSize(15))
                .withMessageContaining("tileSize");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> request(8, 8).withRepeat(0))
                .withMessageContaining("repeat");
    }

    @Test
    void whatWaitsIsBoundedAndClosingCancelsIt() throws InterruptedException {
        Upscaler small = Upscaler.open(twice, CPU.withQueueCapacity(1));
        CountDownLatch running = new CountDownLatch(1);
        Generation<UpscaledImage> first = small.start(
                request(600, 600).withTileSize(16), GenerationListener.NONE.onProgress(_ -> running.countDown()));
        running.await();
        Generation<UpscaledImage> second = small.start(request(8, 8));
        assertThatExceptionOfType(QueueFullException.class).isThrownBy(() -> small.start(request(8, 8)));
        small.close();
        for (Generation<UpscaledImage> each : List.of(first, second)) {
            assertThatExceptionOfType(GenerationCancelledException.class).isThrownBy(each::await);
        }
        small.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> small.start(request(8, 8)));
    }

    @Test
    void refusesFilesBeforeTheyAreLoadedAndLeavesNothingBehind() throws IOException {
        long models = NativeCounts.models();
        Path text = Files.writeString(folder.resolve("text.safetensors"), "no model");
        Path unshuffle = UpscalerFiles.sized(64, 12).write(folder.resolve("x2plus.safetensors"));
        Stream.of(text, unshuffle, DemoModel.path(), folder.resolve("missing.safetensors"))
                .forEach(file -> assertThatExceptionOfType(ModelFileException.class)
                        .isThrownBy(() -> Upscaler.open(file, CPU))
                        .withMessageContaining(file.getFileName().toString()));
        assertThat(NativeCounts.models()).isEqualTo(models);
    }

    @Test
    void freesWhatItHeld() {
        long models = NativeCounts.models();
        long pixels = NativeCounts.pixelBytes();
        try (Upscaler opened = Upscaler.open(twice, CPU)) {
            assertThat(NativeCounts.models()).isEqualTo(models + 1);
            opened.upscale(picture(20, 20));
        }
        assertThat(NativeCounts.models()).isEqualTo(models);
        assertThat(NativeCounts.pixelBytes()).isEqualTo(pixels);
    }

    @Test
    void manyAreOpenedAtOnce() {
        Path old = UpscalerFiles.oldNames(2, 1).write(folder.resolve("at-once.safetensors"));
        List<Integer> scales = IntStream.range(0, 8)
                .parallel()
                .mapToObj(_ -> {
                    try (Upscaler opened = Upscaler.open(old, CPU.withThreads(1))) {
                        return opened.upscale(picture(4, 4)).width() / 4;
                    }
                })
                .toList();
        assertThat(scales).containsOnly(2);
    }

    @Test
    void saysInItsFilesHowThePictureWasMade() throws IOException {
        ImageRequest drawn = ImageRequest.textToImage("a red circle").seed(7).build();
        GeneratedImage image =
                GeneratedImage.of(picture(8, 8), GenerationReport.of(drawn, "shapes.safetensors", List.of()));
        UpscaledImage large = upscaler.upscale(image);
        for (String name : List.of("large.png", "large.jpg")) {
            Path file = large.save(folder.resolve(name));
            PictureParameters parameters = ImageFiles.parameters(file).orElseThrow();
            assertThat(parameters.text())
                    .startsWith("a red circle\n")
                    .contains("Seed: 7")
                    .contains("Size: 8x8")
                    .endsWith(", Postprocess upscale by: 2, Postprocess upscaler: nearest-x2");
        }
        String json = ImageFiles.parameters(folder.resolve("large.png"))
                .flatMap(PictureParameters::json)
                .orElseThrow();
        assertThat(json)
                .contains("\"width\":16", "\"prompt\":\"a red circle\"", "\"model\":\"shapes.safetensors\"")
                .contains("\"upscaling\":{\"model\":\"nearest-x2.safetensors\"", "\"factor\":2");
        // Of a file whose maker says nothing, and one whose JSON is none.
        assertThat(upscaler.upscale(picture(4, 4)).parametersText())
                .isEqualTo("Postprocess upscale by: 2, Postprocess upscaler: nearest-x2");
        UpscaledImage odd =
                upscaler.upscale(request(4, 4).withParameters(new PictureParameters("it", Optional.of("no json"))));
        assertThat(odd.parametersJson()).startsWith("{\"generator\":").contains("\"width\":8");
    }

    @Test
    void doesTheSameInAProcessOfItsOwn() throws InterruptedException {
        try (Upscaler far = Upscaler.open(twice, CPU.withIsolation(IsolatedOptions.DEFAULT))) {
            assertThat(far.scale()).isEqualTo(2);
            assertThat(far.device()).isEqualTo("CPU");
            List<Progress.Phase> phases = new ArrayList<>();
            UpscaledImage large = far.start(
                            request(40, 20).withTileSize(16),
                            GenerationListener.NONE.onProgress(report -> phases.add(report.phase())))
                    .await();
            assertSquares(picture(40, 20), large.toBufferedImage(), 2);
            assertThat(phases).contains(Progress.Phase.UPSCALING, Progress.Phase.LOADING);

            CountDownLatch running = new CountDownLatch(1);
            Generation<UpscaledImage> cancelled =
                    far.start(request(600, 600).withTileSize(16), GenerationListener.NONE.onProgress(report -> {
                        if (report.phase() == Progress.Phase.UPSCALING && report.step() > 0) {
                            running.countDown();
                        }
                    }));
            running.await();
            cancelled.cancel();
            assertThatExceptionOfType(GenerationCancelledException.class).isThrownBy(cancelled::await);
            assertSquares(picture(3, 3), far.upscale(picture(3, 3)).toBufferedImage(), 2);
        }
    }

    @Test
    void aSecondPassUsesAModelAndRefusesABadOneBeforeTheFirst() {
        HighResFix fix = HighResFix.twice().withUpscalerModel(twice).withTileSize(32);
        try (DiffusionModel sd = DiffusionModel.open(DemoModel.path())) {
            ImageGeneration circle = sd.textToImage("a red circle on a white background")
                    .size(64, 64)
                    .steps(2)
                    .seed(3);
            List<Progress.Phase> phases = new ArrayList<>();
            GeneratedImage image = circle.sampling(Sampling.standard().withHighResFix(fix))
                    .onProgress(report -> phases.add(report.phase()))
                    .generate();
            assertThat(image.width()).isEqualTo(128);
            assertThat(image.parametersText()).contains("Hires upscaler: nearest-x2", "Hires upscale: 2");
            assertThat(image.parametersJson())
                    .contains("\"upscalerModel\":\"nearest-x2.safetensors\"")
                    .doesNotContain(folder.toString());
            assertThat(phases).contains(Progress.Phase.SAMPLING);

            GeneratedImage wide = circle.sampling(
                            Sampling.standard().withHighResFix(fix.withSize(new ImageSize(192, 128))))
                    .generate();
            assertThat(wide.width()).isEqualTo(192);
            assertThat(wide.height()).isEqualTo(128);

            phases.clear();
            Path bad = UpscalerFiles.sized(32, 3).write(folder.resolve("narrow.safetensors"));
            assertThatExceptionOfType(ModelFileException.class)
                    .isThrownBy(() -> circle.sampling(Sampling.standard().withHighResFix(fix.withUpscalerModel(bad)))
                            .onProgress(report -> phases.add(report.phase()))
                            .generate())
                    .withMessageContaining("has 32 features");
            assertThat(phases).isEmpty();
        }
    }
}
