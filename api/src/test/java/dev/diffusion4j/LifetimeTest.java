package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.UNet;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.OpenSpec;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.ffm.NativeEngine;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.process.ChildJvm;
import dev.diffusion4j.testing.process.ExitWhileDrawing;
import dev.diffusion4j.testing.process.IsolatedChildren;
import dev.diffusion4j.tokenizer.Tokens;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a model, however it comes, in this process and isolated: nothing of it is left, and nothing breaks. */
@Tag("native")
@Timeout(240)
class LifetimeTest {

    private long models;
    private long pixels;
    private long threads;

    @BeforeAll
    static void load() {
        NativeLibrary.load();
    }

    @BeforeEach
    void count() {
        models = D4j.d4j_live_models();
        pixels = D4j.d4j_live_pixel_bytes();
        threads = modelThreads();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        assertThat(D4j.d4j_live_models()).isEqualTo(models);
        await("no thread survives").atMost(1, TimeUnit.MINUTES).until(() -> modelThreads() <= threads);
        await("no picture survives").atMost(1, TimeUnit.MINUTES).until(() -> {
            System.gc();
            return D4j.d4j_live_pixel_bytes() <= pixels;
        });
        assertThat(IsolatedChildren.pids()).as("no process survives").isEmpty();
    }

    private static long modelThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("diffusion4j "))
                .count();
    }

    private static DiffusionModel open(boolean isolated) {
        ModelOpener options = DiffusionModel.options();
        return (isolated ? options.isolated() : options).open(DemoModel.path());
    }

    /** A long generation whose second step has begun. */
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
        assertThat(running.await(2, TimeUnit.MINUTES)).isTrue();
        return generation;
    }

    private static void assertClosed(ThrowingCallable use) {
        assertThatThrownBy(use).isInstanceOf(ClosedException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyUseAfterCloseIsAnException(boolean isolated) {
        DiffusionModel sd = open(isolated);
        ImageGeneration request = sd.textToImage("a star");
        ClipTextEncoder encoder = sd.textEncoder();
        UNet unet = sd.unet();
        Vae vae = sd.vae();
        Tokens tokens = encoder.tokenizer().encode("a star");
        BufferedImage picture = new BufferedImage(128, 128, BufferedImage.TYPE_INT_RGB);
        try (Tensor latents = Tensor.zeros(Shape.of(1, 4, 16, 16));
                Tensor context = encoder.encode(tokens)) {
            sd.close();

            assertClosed(request::generate);
            assertClosed(request::start);
            assertClosed(() -> sd.textToImage("a star"));
            assertClosed(() -> sd.imageToImage(picture, "a star"));
            assertClosed(() -> sd.inpaint(picture, picture, "a star"));
            assertClosed(sd::tokenizer);
            assertClosed(sd::textEncoders);
            assertClosed(sd::vae);
            assertClosed(() -> sd.encodePrompt("a star").close());
            assertClosed(() -> sd.noiseLevels(NoiseSchedule.KARRAS, 5, sd.nativeSize()));
            assertClosed(sd::unet);
            assertClosed(() -> encoder.encode(tokens).close());
            assertClosed(() -> unet.predictNoise(latents, 500, context).close());
            assertClosed(() -> vae.decode(latents).close());
            assertThat(sd.name()).endsWith(".safetensors");
            assertThat(sd.family()).isEqualTo(ModelFamily.SD1);
        }
    }

    @Test
    void noCallReachesAModelThatWasFreed() {
        NativeEngine model =
                NativeEngine.open(new OpenSpec(Optional.of(DemoModel.path()), ModelOptions.DEFAULT, Map.of(), 1));
        ComponentCall call = new ComponentCall("vae.decode", "decoding a picture");
        try (Tensor tensor = Tensor.zeros(Shape.of(1, 4, 16, 16))) {
            model.close();
            model.close();

            assertClosed(model::info);
            assertClosed(() -> model.setLoras(List.of(), Watch.NONE));
            assertClosed(() -> model.run(call.input("latents", tensor), Watch.NONE));
            assertClosed(() -> model.noiseLevels(NoiseSchedule.KARRAS, 5, new ImageSize(128, 128)));
            assertClosed(() -> model.weight("any"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingTwiceAndByManyThreadsAtOnceIsClosingOnce(boolean isolated) throws Exception {
        DiffusionModel sd = open(isolated);
        Generation<GeneratedImage> generation = startLong(sd);
        CyclicBarrier together = new CyclicBarrier(4);
        List<CompletableFuture<Void>> closings = new ArrayList<>();
        for (int i = 0; i < together.getParties(); i++) {
            closings.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            together.await();
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                        sd.close();
                        assertThat(D4j.d4j_live_models())
                                .as("closed when close() returns")
                                .isEqualTo(models);
                    },
                    Thread::startVirtualThread));
        }
        for (CompletableFuture<Void> closing : closings) {
            closing.get(1, TimeUnit.MINUTES);
        }
        sd.close();
        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingFromAnotherThreadEndsTheWorkThatIsWaitedFor(boolean isolated) throws Exception {
        DiffusionModel sd = open(isolated);
        Generation<GeneratedImage> generation = startLong(sd);
        CompletableFuture<Void> closing = CompletableFuture.runAsync(sd::close);
        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        closing.get(1, TimeUnit.MINUTES);
    }

    /** How a JVM ends is {@link ExitWhileDrawing}'s. */
    @ParameterizedTest
    @CsvSource({
        "EXIT, false, 7",
        "EXIT, true, 7",
        "END_OF_MAIN, false, 0",
        "END_OF_MAIN, true, 0",
        "CLOSE_IN_HOOK, false, 7",
        "CLOSE_IN_HOOK, true, 7"
    })
    void aJvmThatEndsWhileAPictureIsDrawnEndsCleanly(ExitWhileDrawing.End end, boolean isolated, int status)
            throws Exception {
        ChildJvm.Result result = ChildJvm.start(
                        ExitWhileDrawing.class, List.of(), end.name(), Boolean.toString(isolated))
                .end();

        assertThat(result.status()).as(result.output()).isEqualTo(status);
        List<String> lines = result.output().lines().toList();
        assertThat(lines.getFirst()).startsWith("drawing");
        assertThat(lines).as("nothing else was said").hasSize(1);
        for (String child :
                lines.getFirst().substring("drawing".length()).strip().split(" ")) {
            if (!child.isEmpty()) {
                IsolatedChildren.awaitEnd(Long.parseLong(child));
            }
        }
    }
}
