package dev.diffusion4j.internal.isolated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.ImageGeneration;
import dev.diffusion4j.Preview;
import dev.diffusion4j.Progress;
import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.request.StepCache;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.scheduler.EulerScheduler;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.process.ChildJvm;
import dev.diffusion4j.testing.process.IsolatedChildren;
import dev.diffusion4j.testing.process.IsolatedParent;
import dev.diffusion4j.tokenizer.Tokens;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model in a process of its own: the same results, and what happens when the process dies. */
@Tag("native")
@Timeout(180)
class IsolatedTest {

    private static DiffusionModel near;
    private static DiffusionModel far;

    @BeforeAll
    static void open() {
        near = DiffusionModel.open(DemoModel.path());
        far = isolated();
    }

    @AfterAll
    static void close() {
        near.close();
        far.close();
    }

    private static DiffusionModel isolated() {
        return DiffusionModel.options().isolated().open(DemoModel.path());
    }

    private static ImageGeneration circle(DiffusionModel sd) {
        return sd.textToImage("a red circle on a white background")
                .size(64, 64)
                .steps(4)
                .seed(11);
    }

    private static ByteBuffer bytes(GeneratedImage image) {
        return image.pixels().asByteBuffer();
    }

    /** A long generation that has begun its second step. */
    private static Generation<GeneratedImage> startLong(DiffusionModel sd) throws InterruptedException {
        CountDownLatch running = new CountDownLatch(1);
        Generation<GeneratedImage> generation = sd.textToImage("a star")
                .steps(500)
                .onProgress(p -> {
                    if (p.phase() == Progress.Phase.SAMPLING && p.step() >= 1) {
                        running.countDown();
                    }
                })
                .start();
        running.await();
        return generation;
    }

    @Test
    void drawsTheSamePictures() {
        List<GeneratedImage> expected = circle(near).batchCount(2).generateAll();
        List<GeneratedImage> drawn = circle(far).batchCount(2).generateAll();

        assertThat(drawn).hasSize(2);
        assertThat(bytes(drawn.get(0))).isEqualTo(bytes(expected.get(0)));
        assertThat(bytes(drawn.get(1))).isEqualTo(bytes(expected.get(1)));
        assertThat(drawn.get(1).parametersText()).isEqualTo(expected.get(1).parametersText());
        assertThat(far.family()).isEqualTo(near.family());
        assertThat(far.defaultSampler()).isEqualTo(near.defaultSampler());
    }

    @Test
    void redrawsTheSamePictures() {
        BufferedImage picture = circle(near).generate().toBufferedImage();
        BufferedImage mask = new BufferedImage(64, 64, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = mask.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 32, 64);
        graphics.dispose();

        GeneratedImage expected = near.inpaint(picture, mask, "a blue square on a white background")
                .size(64, 64)
                .steps(4)
                .seed(2)
                .generate();
        GeneratedImage drawn = far.inpaint(picture, mask, "a blue square on a white background")
                .size(64, 64)
                .steps(4)
                .seed(2)
                .generate();
        assertThat(bytes(drawn)).isEqualTo(bytes(expected));
    }

    @Test
    void everyOptionalParameterCrosses() {
        List<ByteBuffer> pictures = new ArrayList<>();
        for (DiffusionModel sd : List.of(near, far)) {
            pictures.add(bytes(circle(sd)
                    .negativePrompt("blurry, (dark:1.2) \u00e9\u4f60")
                    .sampling(Sampling.of(Sampler.EULER_A)
                            .withSchedule(NoiseSchedule.KARRAS)
                            .withEta(0.7)
                            .withCache(StepCache.uCache().withThreshold(0.2)))
                    .clipSkip(2)
                    .guidanceScale(5.5)
                    .vaeTiling(VaeTiling.DEFAULT)
                    .generate()));
        }
        assertThat(pictures.get(1)).isEqualTo(pictures.get(0));
    }

    @Test
    void progressAndPreviewsArrive() {
        List<Integer> steps = new ArrayList<>();
        List<Preview> previews = new ArrayList<>();
        circle(far)
                .onProgress(p -> {
                    if (p.phase() == Progress.Phase.SAMPLING) {
                        steps.add(p.step());
                    }
                })
                .onPreview(PreviewMode.PROJECTION, 1, previews::add)
                .generate();

        assertThat(steps).containsExactly(0, 1, 2, 3, 4);
        assertThat(previews).isNotEmpty().allMatch(preview -> preview.image().getWidth() > 0);
    }

    @Test
    void cancellingAndFailingListenersStopTheWork() throws Exception {
        Set<Long> before = IsolatedChildren.pids();
        Generation<GeneratedImage> generation = startLong(far);
        generation.cancel();
        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);

        IllegalStateException failure = new IllegalStateException("listener failed");
        assertThatThrownBy(() -> circle(far)
                        .steps(500)
                        .onProgress(p -> {
                            if (p.step() == 2) {
                                throw failure;
                            }
                        })
                        .generate())
                .isSameAs(failure);
        assertThat(bytes(circle(far).generate())).isEqualTo(bytes(circle(near).generate()));
        assertThat(IsolatedChildren.pids()).as("no process had to end for it").isEqualTo(before);
    }

    @Test
    void thePartsGiveTheSameNumbers() {
        Tokens tokens = near.tokenizer().encode("a green ring");
        try (Tensor expected = near.textEncoder().encode(tokens);
                Tensor encoded = far.textEncoder().encode(tokens);
                Tensor expectedPooled = near.textEncoder().pooled(tokens);
                Tensor pooled = far.textEncoder().pooled(tokens);
                Tensor positions = near.textEncoder().positionEmbeddings();
                Tensor farPositions = far.textEncoder().positionEmbeddings();
                Tensor inputs = far.textEncoder().inputEmbeddings(tokens);
                Tensor reencoded = far.textEncoder().encodeEmbeddings(inputs);
                Tensor latents = Tensor.randomNormal(Shape.of(1, 4, 16, 16), 5);
                Tensor expectedNoise = near.unet().predictNoise(latents, 500, expected);
                Tensor noise = far.unet().predictNoise(latents, 500, expected);
                Tensor expectedPicture = near.vae().decode(latents);
                Tensor picture = far.vae().decode(latents);
                LatentDistribution expectedLatents = near.vae().encode(expectedPicture);
                LatentDistribution encodedLatents = far.vae().encode(expectedPicture);
                Tensor expectedMean = expectedLatents.mean();
                Tensor mean = encodedLatents.mean()) {
            assertThat(encoded.toArray()).isEqualTo(expected.toArray());
            assertThat(pooled.toArray()).isEqualTo(expectedPooled.toArray());
            assertThat(farPositions.toArray()).isEqualTo(positions.toArray());
            assertThat(reencoded.shape()).isEqualTo(expected.shape());
            assertThat(noise.toArray()).isEqualTo(expectedNoise.toArray());
            assertThat(picture.toArray()).isEqualTo(expectedPicture.toArray());
            assertThat(mean.toArray()).isEqualTo(expectedMean.toArray());
        }
        assertThat(far.noiseLevels(NoiseSchedule.KARRAS, 7, far.nativeSize()))
                .isEqualTo(near.noiseLevels(NoiseSchedule.KARRAS, 7, near.nativeSize()));
    }

    @Test
    void theLoopInJavaDrawsTheSame() {
        GeneratedImage expected = circle(near)
                .sampling(Sampling.with(EulerScheduler.stableDiffusion()))
                .generate();
        List<Integer> steps = new ArrayList<>();
        GeneratedImage drawn = circle(far)
                .sampling(Sampling.with(EulerScheduler.stableDiffusion()))
                .onProgress(p -> {
                    if (p.phase() == Progress.Phase.SAMPLING) {
                        steps.add(p.step());
                    }
                })
                .generate();
        assertThat(bytes(drawn)).isEqualTo(bytes(expected));
        assertThat(steps).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void exceptionsAreThoseOfOneProcess(@TempDir Path folder) throws Exception {
        assertThatThrownBy(() -> DiffusionModel.options().isolated().open(folder.resolve("missing.safetensors")))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("missing.safetensors");
        assertThatThrownBy(() -> circle(far).size(100, 100).generate())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("width");

        // The file vanishes after the first process has opened it, so that the second one misses it.
        Path model = Files.copy(DemoModel.path(), folder.resolve("model.safetensors"));
        Set<Long> before = IsolatedChildren.pids();
        try (DiffusionModel sd = DiffusionModel.options().isolated().open(model)) {
            long pid = IsolatedChildren.newSince(before);
            Files.delete(model);
            IsolatedChildren.signal("KILL", pid);
            IsolatedChildren.awaitEnd(pid);
            assertThatThrownBy(() -> circle(sd).generate())
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("model.safetensors does not exist");
        }
    }

    @ParameterizedTest
    @CsvSource({"KILL, 137", "SEGV, 1", "ABRT, 134"})
    @DisabledOnOs(OS.WINDOWS)
    void aProcessThatDiesWhileDrawingIsAnExceptionAndTheNextCallWorks(String signal, int status) throws Exception {
        Set<Long> before = IsolatedChildren.pids();
        try (DiffusionModel sd = isolated()) {
            long pid = IsolatedChildren.newSince(before);
            Generation<GeneratedImage> generation = startLong(sd);
            IsolatedChildren.signal(signal, pid);

            IsolatedProcessException thrown = catchThrowableOfType(IsolatedProcessException.class, generation::await);
            assertThat(thrown).hasMessageContaining("while drawing");
            assertThat(thrown.exitStatus()).isEqualTo(status);
            if (signal.equals("SEGV")) {
                assertThat(thrown.lastWords()).contains("SIGSEGV");
                assertThat(thrown).hasMessageContaining("SIGSEGV");
            } else {
                assertThat(thrown.signal()).hasValue(status - 128);
            }
            assertThat(bytes(circle(sd).generate()))
                    .isEqualTo(bytes(circle(near).generate()));
            assertThat(IsolatedChildren.isAlive(pid)).isFalse();
        }
        assertThat(IsolatedChildren.pids()).isEqualTo(before);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aProcessThatDiesBetweenCallsIsReplacedUnseen() throws Exception {
        Set<Long> before = IsolatedChildren.pids();
        try (DiffusionModel sd = isolated()) {
            long pid = IsolatedChildren.newSince(before);
            IsolatedChildren.signal("KILL", pid);
            IsolatedChildren.awaitEnd(pid);
            await().atMost(1, TimeUnit.MINUTES).until(() -> readersOf(pid) == 0);

            assertThat(bytes(circle(sd).generate()))
                    .isEqualTo(bytes(circle(near).generate()));
            assertThat(IsolatedChildren.newSince(before)).isNotEqualTo(pid);
        }
    }

    /** The threads that read what a process answers, which end when they have seen its end. */
    private static long readersOf(long pid) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("diffusion4j process " + pid))
                .count();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aProcessThatHangsIsEndedAtTheDeadline() throws Exception {
        Set<Long> before = IsolatedChildren.pids();
        IsolatedOptions options = IsolatedOptions.DEFAULT.withCallDeadline(Duration.ofSeconds(15));
        try (DiffusionModel sd = DiffusionModel.options().isolated(options).open(DemoModel.path())) {
            long pid = IsolatedChildren.newSince(before);
            Generation<GeneratedImage> generation = startLong(sd);
            IsolatedChildren.signal("STOP", pid);

            assertThatThrownBy(generation::await)
                    .isInstanceOf(IsolatedProcessException.class)
                    .hasMessageContaining("no sign of progress for 15.0 s");
            assertThat(IsolatedChildren.isAlive(pid)).isFalse();
            assertThat(circle(sd).generate().width()).isPositive();
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void cancellingDoesNotWaitForAProcessThatHangs() throws Exception {
        Set<Long> before = IsolatedChildren.pids();
        try (DiffusionModel sd = isolated()) {
            Generation<GeneratedImage> generation = startLong(sd);
            IsolatedChildren.signal("STOP", IsolatedChildren.newSince(before));
            generation.cancel();
            assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        }
        assertThat(IsolatedChildren.pids()).isEqualTo(before);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void noChildOutlivesItsParent() throws Exception {
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                IsolatedParent.class.getName()));
        Process parent = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader output = parent.inputReader()) {
            long child = Long.parseLong(output.readLine());
            assertThat(IsolatedChildren.isAlive(child)).isTrue();
            assertThat(output.readLine()).isEqualTo(IsolatedParent.DRAWING);
            IsolatedChildren.signal("KILL", parent.pid());
            IsolatedChildren.awaitEnd(child);
        } finally {
            parent.destroyForcibly();
        }
    }

    @Test
    void twoIsolatedModelsDrawAtOnce() throws Exception {
        try (DiffusionModel other = isolated()) {
            Generation<GeneratedImage> there = circle(other).start();
            ByteBuffer here = bytes(circle(far).generate());
            assertThat(bytes(there.await())).isEqualTo(here);
        }
    }

    @Test
    void closingCancelsEndsTheProcessAndIsIdempotent() throws Exception {
        Set<Long> before = IsolatedChildren.pids();
        DiffusionModel sd = isolated();
        Generation<GeneratedImage> generation = startLong(sd);
        sd.close();
        sd.close();

        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        assertThatThrownBy(() -> circle(sd).generate()).isInstanceOf(ClosedException.class);
        assertThat(IsolatedChildren.pids()).isEqualTo(before);
    }

    @Test
    void aListenerCannotWaitForTheWorkThatCallsIt() {
        assertThatThrownBy(() -> circle(far)
                        .onProgress(p -> {
                            if (p.step() == 1) {
                                far.encodePrompt("a star").close();
                            }
                        })
                        .generate())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("called from a listener of this model");
        assertThat(circle(far).generate().width()).isPositive();
    }

    @Test
    void aListenerMayInterruptItsThread() {
        Set<Long> before = IsolatedChildren.pids();
        ByteBuffer drawn = bytes(
                circle(far).onProgress(p -> Thread.currentThread().interrupt()).generate());
        assertThat(drawn).isEqualTo(bytes(circle(near).generate()));
        assertThat(bytes(circle(far).generate())).isEqualTo(drawn);
        assertThat(IsolatedChildren.pids()).as("no process had to end for it").isEqualTo(before);
    }

    @Test
    void aJavaCommandThatIsNoneIsRefusedAndOneThatEndsIsNamed(@TempDir Path folder) throws Exception {
        IsolatedOptions missing = IsolatedOptions.DEFAULT.withJavaCommand(folder.resolve("java"));
        assertThatThrownBy(() -> DiffusionModel.options().isolated(missing).open(DemoModel.path()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("javaCommand")
                .hasMessageContaining(folder.resolve("java").toString());

        Path script = script(folder.resolve("fails"), "echo no such luck; exit 3");
        IsolatedOptions failing = IsolatedOptions.DEFAULT.withJavaCommand(script);
        assertThatThrownBy(() -> DiffusionModel.options().isolated(failing).open(DemoModel.path()))
                .isInstanceOf(IsolatedProcessException.class)
                .hasMessageContaining("did not start: it ended with status 3 (" + script + ")")
                .hasMessageContaining("no such luck");
    }

    @Test
    void whatAChildSaidLastIsQuotedHoweverLateItIsRead(@TempDir Path folder) throws Exception {
        // More than the readers between the pipe and the log take in advance.
        Path script = script(
                folder.resolve("fails"),
                "echo begin; head -c 40000 /dev/zero | tr '\\0' '\\n'; echo no such luck; exit 3");
        IsolatedOptions failing = IsolatedOptions.DEFAULT.withJavaCommand(script);
        Logger logger = Logger.getLogger("dev.diffusion4j.runtime");
        Level level = logger.getLevel();
        CountDownLatch never = new CountDownLatch(1);
        Handler slow = new ConsoleHandler() {
            @Override
            public void publish(LogRecord message) {
                if (message.getMessage().equals("begin")) {
                    // Until the child has ended and the library has seen it.
                    assertThatCode(() -> never.await(1, TimeUnit.SECONDS)).doesNotThrowAnyException();
                }
            }
        };
        slow.setLevel(Level.ALL);
        logger.setLevel(Level.FINE);
        logger.addHandler(slow);
        try {
            assertThatThrownBy(() -> DiffusionModel.options().isolated(failing).open(DemoModel.path()))
                    .isInstanceOf(IsolatedProcessException.class)
                    .hasMessageContaining("no such luck");
        } finally {
            logger.removeHandler(slow);
            logger.setLevel(level);
        }
    }

    @Test
    void filesThatCannotBeDeletedAfterTheStartHarmNothing(@TempDir Path folder) throws Exception {
        // Something else in the folder of the socket, which parent and child delete.
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Path script = script(
                folder.resolve("java"),
                "touch \"$(dirname \"${1#@}\")/left\"; echo \"$(dirname \"${1#@}\")\" >" + folder.resolve("place"),
                "exec " + java + " \"$@\"");
        Set<Long> before = IsolatedChildren.pids();
        IsolatedOptions options = IsolatedOptions.DEFAULT.withJavaCommand(script);
        try (DiffusionModel sd = DiffusionModel.options().isolated(options).open(DemoModel.path())) {
            assertThat(bytes(circle(sd).generate()))
                    .isEqualTo(bytes(circle(near).generate()));
        }
        assertThat(IsolatedChildren.pids()).isEqualTo(before);
        Path place = Path.of(Files.readString(folder.resolve("place")).strip());
        assertThat(place).isDirectoryContaining(file -> file.endsWith("left"));
        Files.delete(place.resolve("left"));
        Files.delete(place);
    }

    private static Path script(Path file, String... lines) throws Exception {
        Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file;
    }
}
