package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.GenerationTimeoutException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Who waits for a generation, on which thread, for how long, and what of it others see. */
@Tag("fast")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GenerationThreadsTest {

    @TempDir
    private Path folder;

    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** A model that draws at once and reports one step of it. */
    private DiffusionModel quick() {
        return open((parameters, inputs, observer, flag) -> {
            observer.progress(ProgressKind.SAMPLING, 0, 1);
            return FakeEngine.picture(parameters);
        });
    }

    /** A model that draws until it is released or cancelled. */
    private DiffusionModel slow() {
        return open((parameters, inputs, observer, flag) -> {
            try {
                return FakeEngine.pictureAfter(release, running, parameters, flag);
            } finally {
                if (flag.isSet()) {
                    stopped.countDown();
                }
            }
        });
    }

    private DiffusionModel open(FakeEngine.Drawing drawing) {
        return FakeModels.open(new FakeEngine(drawing), folder, 10);
    }

    private static ImageGeneration star(DiffusionModel sd) {
        return sd.textToImage("a star").size(64, 64);
    }

    @Test
    void aStageOfTheFutureDrawsWithTheModelAndWaitsForIt() {
        try (DiffusionModel sd = slow()) {
            CompletableFuture<Integer> width = star(sd).start()
                    .future()
                    .thenApply(image -> sd.imageToImage(image.toBufferedImage(), "a ring")
                            .size(128, 64)
                            .generate())
                    .thenApply(GeneratedImage::width);
            release.countDown();

            assertThat(width.join()).isEqualTo(128);
        }
    }

    @Test
    void aStageOfTheFutureClosesTheModel() {
        DiffusionModel sd = slow();
        CompletableFuture<Void> closed = star(sd).start().future().thenAccept(images -> sd.close());
        release.countDown();
        closed.join();

        assertThatThrownBy(() -> star(sd)).isInstanceOf(ClosedException.class);
    }

    @Test
    void stagesRunElsewhereAndWaitingForThemHoldsNobodyUp() {
        CountDownLatch stageMayEnd = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        try (DiffusionModel sd = open((parameters, inputs, observer, flag) -> {
            threads.add(Thread.currentThread());
            return FakeEngine.pictureAfter(release, running, parameters, flag);
        })) {
            CompletableFuture<Thread> stage = star(sd).start().future().thenApply(images -> {
                awaitQuietly(stageMayEnd);
                return Thread.currentThread();
            });
            release.countDown();

            assertThat(star(sd).generate().width())
                    .as("while the stage is still at work")
                    .isEqualTo(64);
            stageMayEnd.countDown();
            assertThat(stage.join()).isNotIn(threads);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static Stream<Arguments> waits() {
        return Stream.of(
                wait("generate", sd -> star(sd).generate()),
                wait("generateAll", sd -> star(sd).batchCount(2).generateAll()),
                wait("await", sd -> star(sd).start().await()),
                wait("await with a limit", sd -> star(sd).start().await(Duration.ofDays(1))));
    }

    private static Arguments wait(String name, Consumer<DiffusionModel> wait) {
        return Arguments.of(name, wait);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("waits")
    void aListenerThatWaitsForAGenerationIsToldSo(String name, Consumer<DiffusionModel> wait) {
        try (DiffusionModel sd = quick()) {
            List<Throwable> thrown = new ArrayList<>();
            star(sd).onProgress(progress -> {
                        if (progress.phase() == Progress.Phase.SAMPLING) {
                            thrown.add(catchThrowable(() -> wait.accept(sd)));
                        }
                    })
                    .generate();

            assertThat(thrown)
                    .singleElement()
                    .isInstanceOfSatisfying(
                            IllegalStateException.class,
                            e -> assertThat(e)
                                    .isNotInstanceOf(ClosedException.class)
                                    .hasMessageContaining("called from a listener of this model"));
            assertThat(star(sd).generate().width()).isEqualTo(64);
        }
    }

    @Test
    void whatAListenerDidNotGetIsNotDrawnEither() {
        FakeEngine engine = new FakeEngine((parameters, inputs, observer, flag) -> {
            observer.progress(ProgressKind.SAMPLING, 0, 1);
            return FakeEngine.picture(parameters);
        });
        try (DiffusionModel sd = FakeModels.open(engine, folder, 10)) {
            star(sd).seed(1)
                    .onProgress(
                            progress -> catchThrowable(() -> star(sd).seed(2).generate()))
                    .generate();
            star(sd).seed(3).generate();
        }
        assertThat(engine.begun()).containsExactly(1L, 3L);
    }

    @Test
    void aListenerMayStartAGenerationAndAskForOneThatHasEnded() {
        try (DiffusionModel sd = quick()) {
            Generation<GeneratedImage> earlier = star(sd).seed(1).start();
            earlier.await();
            List<Generation<GeneratedImage>> started = new ArrayList<>();
            List<GeneratedImage> seen = new ArrayList<>();
            star(sd).onProgress(progress -> {
                        if (progress.phase() == Progress.Phase.SAMPLING) {
                            started.add(star(sd).seed(2).start());
                            seen.add(earlier.await());
                        }
                    })
                    .generate();

            assertThat(seen).containsExactly(earlier.await());
            assertThat(started)
                    .singleElement()
                    .satisfies(
                            generation -> assertThat(generation.await().seed()).isEqualTo(2));
        }
    }

    static Stream<Arguments> earlyEnds() {
        return Stream.of(
                end("orTimeout", future -> future.orTimeout(1, TimeUnit.MILLISECONDS)),
                end("completeOnTimeout", future -> future.completeOnTimeout(null, 1, TimeUnit.MILLISECONDS)),
                end("cancel", future -> future.cancel(false)),
                end("complete", future -> future.complete(null)),
                end("completeAsync", future -> future.completeAsync(() -> null)),
                end("completeExceptionally", future -> future.completeExceptionally(new TimeoutException())),
                end("obtrudeValue", future -> future.obtrudeValue(null)),
                end("obtrudeException", future -> future.obtrudeException(new TimeoutException())),
                end(
                        "orTimeout and a stage",
                        future -> future.orTimeout(1, TimeUnit.MILLISECONDS).thenApply(GeneratedImage::width)));
    }

    private static Arguments end(String name, Consumer<CompletableFuture<GeneratedImage>> end) {
        return Arguments.of(name, end);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("earlyEnds")
    void aFutureThatEndsEarlyStopsTheWorkAndIsNobodyElsesResult(
            String name, Consumer<CompletableFuture<GeneratedImage>> end) throws Exception {
        try (DiffusionModel sd = slow()) {
            Generation<GeneratedImage> generation = star(sd).start();
            running.await();
            CompletableFuture<GeneratedImage> others = generation.future();
            CompletableFuture<GeneratedImage> future = generation.future();
            end.accept(future);

            stopped.await();
            assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
            assertThatThrownBy(others::join).isInstanceOf(CancellationException.class);
            assertThat(others.isCancelled()).isTrue();
            assertThat(future.isDone()).isTrue();
        }
    }

    @Test
    void aFutureThatSomebodyChangedLeavesTheResultAlone() {
        try (DiffusionModel sd = quick()) {
            Generation<GeneratedImage> generation = star(sd).start();
            GeneratedImage images = generation.await();
            CompletableFuture<GeneratedImage> future = generation.future();

            assertThat(future).isCompletedWithValue(images);
            future.obtrudeException(new TimeoutException());
            assertThat(generation.await()).isEqualTo(images);
            assertThat(generation.future()).isCompletedWithValue(images);
        }
    }

    @Test
    void waitingEndsWhenTheTimeIsUpAndTheWorkIsStopped() throws Exception {
        try (DiffusionModel sd = slow()) {
            Generation<GeneratedImage> generation = star(sd).start();
            running.await();

            assertThatThrownBy(() -> generation.await(Duration.ofMillis(1)))
                    .isInstanceOfSatisfying(
                            GenerationTimeoutException.class,
                            e -> assertThat(e.timeout()).isEqualTo(Duration.ofMillis(1)));
            stopped.await();
            assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        }
    }

    @Test
    void waitingWithALimitGivesWhatIsThereInTime() {
        try (DiffusionModel sd = quick()) {
            Generation<GeneratedImage> generation = star(sd).start();

            assertThat(generation.await(Duration.ofSeconds(Long.MAX_VALUE))).isNotNull();
            assertThat(generation.await(Duration.ZERO)).isNotNull();
            assertThat(generation.await(Duration.ofSeconds(-1))).isNotNull();
        }
    }

    @Test
    void aFailureIsTheSameForAllWhoWaitAndDoesNotGrow() {
        NativeFailureException failure = new NativeFailureException("drawing failed");
        try (DiffusionModel sd = open((parameters, inputs, observer, flag) -> {
            throw failure;
        })) {
            Generation<GeneratedImage> generation = star(sd).start();
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(generation::await).isSameAs(failure);
                assertThatThrownBy(() -> generation.future().join())
                        .isInstanceOf(CompletionException.class)
                        .hasCause(failure);
            }
            assertThatThrownBy(() -> star(sd).generate()).isSameAs(failure);

            assertThat(failure.getSuppressed()).hasSize(1);
            assertThat(Arrays.stream(failure.getSuppressed()[0].getStackTrace()).map(StackTraceElement::getClassName))
                    .as("tells whose generation it was")
                    .contains(GenerationThreadsTest.class.getName());
        }
    }

    @Test
    void aCancelledGenerationTellsEachWhoWaitsOfItsOwnStack() throws Exception {
        try (DiffusionModel sd = slow()) {
            Generation<GeneratedImage> generation = star(sd).start();
            running.await();
            generation.cancel();
            Throwable first = catchThrowable(generation::await);
            Throwable second = catchThrowable(generation::await);

            assertThat(first).isInstanceOf(GenerationCancelledException.class).isNotSameAs(second);
            assertThat(first.getSuppressed()).isEmpty();
        }
    }

    @Test
    void anErrorReachesTheCallerAndTheModelGoesOn() {
        OutOfMemoryError error = new OutOfMemoryError("as an example");
        List<RgbImage> none = new ArrayList<>();
        try (DiffusionModel sd = open((parameters, inputs, observer, flag) -> {
            if (parameters.seed().orElseThrow() == 1) {
                throw error;
            }
            return none;
        })) {
            assertThatThrownBy(() -> star(sd).seed(1).generate()).isSameAs(error);
            assertThat(star(sd).seed(2).generateAll()).isEmpty();
        }
    }
}
