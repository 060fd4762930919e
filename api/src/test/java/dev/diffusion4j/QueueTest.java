package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Generations that wait for their turn: how many may, and how they get out. */
@Tag("fast")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QueueTest {

    @TempDir
    private Path folder;

    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final List<Integer> colours = Collections.synchronizedList(new ArrayList<>());
    private final FakeEngine engine = new FakeEngine((parameters, inputs, observer, flag) -> {
        inputs.init().ifPresent(image -> colours.add(image.getRGB(5, 5)));
        return FakeEngine.pictureAfter(release, running, parameters, flag);
    });

    private static ImageGeneration star(DiffusionModel sd, long seed) {
        return sd.textToImage("a star").size(64, 64).seed(seed);
    }

    /** A generation that runs until it is cancelled or released. */
    private Generation<GeneratedImage> occupy(DiffusionModel sd) throws InterruptedException {
        Generation<GeneratedImage> generation = star(sd, 0).start();
        running.await();
        return generation;
    }

    @Test
    void aFullQueueRefusesAndHasRoomAgainLater() throws Exception {
        try (DiffusionModel sd = FakeModels.open(engine, folder, 2)) {
            Generation<GeneratedImage> first = occupy(sd);
            Generation<GeneratedImage> second = star(sd, 1).start();
            Generation<GeneratedImage> third = star(sd, 2).start();

            assertThat(sd.queuedGenerations()).isEqualTo(2);
            assertThatThrownBy(() -> star(sd, 3).start())
                    .isInstanceOfSatisfying(
                            QueueFullException.class,
                            e -> assertThat(e.capacity()).isEqualTo(2));
            assertThatThrownBy(() -> star(sd, 4).generate()).isInstanceOf(QueueFullException.class);
            release.countDown();
            List.of(first, second, third).forEach(Generation::await);

            assertThat(sd.queuedGenerations()).isZero();
            assertThat(star(sd, 5).generate().seed()).isEqualTo(5);
            assertThat(engine.begun()).containsExactly(0L, 1L, 2L, 5L);
        }
    }

    @Test
    void aQueueWithoutRoomTakesWhatCanBeginAtOnce() throws Exception {
        try (DiffusionModel sd = FakeModels.open(engine, folder, 0)) {
            Generation<GeneratedImage> first = occupy(sd);
            assertThatThrownBy(() -> star(sd, 1).start()).isInstanceOf(QueueFullException.class);
            release.countDown();
            first.await();

            for (int seed = 2; seed < 50; seed++) {
                assertThat(star(sd, seed).generate().seed()).isEqualTo(seed);
            }
        }
    }

    @Test
    void capacityIsAnOption() {
        assertThatThrownBy(() -> DiffusionModel.options().queueCapacity(-1))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.field()).isEqualTo("queueCapacity"));
        assertThat(DiffusionModel.options().queueCapacity(0)).isNotNull();
    }

    @Test
    void whatIsCancelledWhileItWaitsEndsAtOnceAndMakesRoom() throws Exception {
        try (DiffusionModel sd = FakeModels.open(engine, folder, 1)) {
            occupy(sd);
            Generation<GeneratedImage> queued = star(sd, 1).start();
            CompletableFuture<GeneratedImage> future = queued.future();
            queued.cancel();

            assertThat(queued.isDone()).isTrue();
            assertThatThrownBy(queued::await)
                    .isInstanceOf(GenerationCancelledException.class)
                    .hasMessageContaining("before it began");
            assertThatThrownBy(future::join).hasRootCauseInstanceOf(GenerationCancelledException.class);
            assertThat(future.isCancelled()).isTrue();
            assertThat(sd.queuedGenerations()).isZero();
            Generation<GeneratedImage> next = star(sd, 2).start();
            release.countDown();

            assertThat(next.await()).isNotNull();
            assertThat(engine.begun()).containsExactly(0L, 2L);
        }
    }

    @Test
    void whoIsInterruptedWhileItsGenerationWaitsGetsOut() throws Exception {
        try (DiffusionModel sd = FakeModels.open(engine, folder, 1)) {
            occupy(sd);
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
            Thread caller = Thread.ofVirtual().start(() -> {
                thrown.complete(catchThrowable(() -> star(sd, 1).generate()));
                interrupted.complete(Thread.currentThread().isInterrupted());
            });
            caller.interrupt();

            assertThat(thrown.join()).isInstanceOf(GenerationCancelledException.class);
            assertThat(interrupted.join()).isTrue();
            assertThat(sd.queuedGenerations()).isZero();
            release.countDown();
            star(sd, 2).generate();
            assertThat(engine.begun()).containsExactly(0L, 2L);
        }
    }

    /** Often, since what waits could get the thread between two cancels. */
    @RepeatedTest(50)
    void closingCancelsWhatWaitsAndWhatRuns() throws Exception {
        DiffusionModel sd = FakeModels.open(engine, folder, 5);
        List<Generation<GeneratedImage>> generations = new ArrayList<>(List.of(occupy(sd)));
        for (int seed = 1; seed <= 5; seed++) {
            generations.add(star(sd, seed).start());
        }
        ImageGeneration request = star(sd, 6);
        sd.close();

        for (Generation<GeneratedImage> generation : generations) {
            assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        }
        assertThat(engine.begun()).containsExactly(0L);
        assertThat(engine.isClosed()).isTrue();
        assertThat(sd.queuedGenerations()).isZero();
        assertThatThrownBy(request::start).isInstanceOf(ClosedException.class);
        engine.thread().join();
    }

    @Test
    void whatIsStartedWhileTheModelIsClosedIsRefusedOrCancelled() throws Exception {
        release.countDown();
        for (int round = 0; round < 50; round++) {
            FakeEngine its = new FakeEngine((parameters, inputs, observer, flag) -> FakeEngine.picture(parameters));
            DiffusionModel sd = FakeModels.open(its, folder, 1_000);
            CyclicBarrier together = new CyclicBarrier(5);
            List<CompletableFuture<Throwable>> ends = new ArrayList<>();
            for (int caller = 0; caller < 4; caller++) {
                ends.add(CompletableFuture.supplyAsync(
                        () -> {
                            await(together);
                            Throwable end = null;
                            while (end == null) {
                                end = catchThrowable(() -> star(sd, 1).generate());
                            }
                            return end;
                        },
                        Thread::startVirtualThread));
            }
            together.await();
            sd.close();

            for (CompletableFuture<Throwable> end : ends) {
                assertThat(end.join()).isInstanceOfAny(ClosedException.class, GenerationCancelledException.class);
            }
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aPictureThatChangesWhileItsRequestWaitsIsDrawnAsItWas() throws Exception {
        BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        try (DiffusionModel sd = FakeModels.open(engine, folder, 1)) {
            occupy(sd);
            Generation<GeneratedImage> queued = sd.imageToImage(image, "a star").start();
            image.setRGB(5, 5, 0xFF8040);
            release.countDown();
            queued.await();
        }
        assertThat(colours).containsExactly(0xFF000000);
    }
}
