package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.PreviewMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cancelling, closing, interrupting, and listeners that fail. */
@Tag("native")
@Timeout(120)
class LifecycleTest {

    private static DiffusionModel sd;
    private static ByteBuffer expected;

    @BeforeAll
    static void open() {
        sd = DiffusionModel.open(DemoModel.path());
        expected = draw();
    }

    @AfterAll
    static void close() {
        sd.close();
    }

    private static ByteBuffer draw() {
        return request().steps(6).generate().pixels().asByteBuffer();
    }

    private static ImageGeneration request() {
        return sd.textToImage("a red circle on a white background").seed(11);
    }

    /** A long generation; the latch opens at its second step, the counter counts steps after that. */
    private static Generation<GeneratedImage> startLong(
            DiffusionModel model, CountDownLatch running, AtomicInteger laterSteps) {
        return model.textToImage("a red circle on a white background")
                .steps(500)
                .onProgress(p -> {
                    if (p.phase() == Progress.Phase.SAMPLING && p.step() >= 2) {
                        if (running.getCount() == 0) {
                            laterSteps.incrementAndGet();
                        }
                        running.countDown();
                    }
                })
                .start();
    }

    @Test
    void cancellingByHandleStopsWithinAStepAndHarmsNothing() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        AtomicInteger laterSteps = new AtomicInteger();
        Generation<GeneratedImage> generation = startLong(sd, running, laterSteps);
        running.await();
        laterSteps.set(0);
        generation.cancel();

        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        assertThat(laterSteps.get()).isLessThanOrEqualTo(1);
        assertThat(generation.isDone()).isTrue();
        assertThat(draw()).isEqualTo(expected);
    }

    @Test
    void interruptingTheWaitingThreadCancels() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<Boolean> interrupted = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        Thread waiting = Thread.ofPlatform().start(() -> {
            thrown.set(catchThrowable(() -> request()
                    .steps(500)
                    .onProgress(p -> {
                        if (p.phase() == Progress.Phase.SAMPLING && p.step() >= 1) {
                            running.countDown();
                        }
                    })
                    .generate()));
            interrupted.set(Thread.currentThread().isInterrupted());
        });
        running.await();
        waiting.interrupt();
        waiting.join();

        assertThat(thrown.get()).isInstanceOf(GenerationCancelledException.class);
        assertThat(interrupted.get()).isTrue();
        assertThat(draw()).isEqualTo(expected);
    }

    @Test
    void cancellingTheFutureStopsTheNativeWork() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        AtomicInteger laterSteps = new AtomicInteger();
        Generation<GeneratedImage> generation = startLong(sd, running, laterSteps);
        running.await();
        assertThat(generation.future().cancel(true)).isTrue();

        assertThatThrownBy(() -> generation.future().join()).isInstanceOf(CancellationException.class);
        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        // Queued behind the cancelled one: it would wait for 500 steps if that still ran.
        assertThat(draw()).isEqualTo(expected);
        assertThat(laterSteps.get()).isLessThan(50);
    }

    @Test
    void cancellingBeforeTheStartAndAfterTheEndIsHarmless() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        Generation<GeneratedImage> first = startLong(sd, running, new AtomicInteger());
        AtomicInteger eventsOfQueued = new AtomicInteger();
        Generation<GeneratedImage> queued =
                request().onProgress(p -> eventsOfQueued.incrementAndGet()).start();
        queued.cancel();
        running.await();
        first.cancel();
        assertThatThrownBy(queued::await)
                .isInstanceOf(GenerationCancelledException.class)
                .hasMessageContaining("before it began");
        assertThat(eventsOfQueued.get()).isZero();

        Generation<GeneratedImage> finished = request().steps(2).start();
        finished.await();
        finished.cancel();
        assertThat(finished.await()).isNotNull();
        assertThat(draw()).isEqualTo(expected);
    }

    @Test
    void aFutureDeliversImagesAndFailures() throws Exception {
        CompletableFuture<Integer> width = request().steps(2).start().future().thenApply(GeneratedImage::width);
        assertThat(width.get(60, TimeUnit.SECONDS)).isEqualTo(sd.nativeSize().width());
    }

    @Test
    void anExceptionFromAListenerReachesTheCaller() {
        IllegalStateException failure = new IllegalStateException("listener failed");
        assertThatThrownBy(() -> request()
                        .steps(200)
                        .onProgress(p -> {
                            if (p.phase() == Progress.Phase.SAMPLING && p.step() == 2) {
                                throw failure;
                            }
                        })
                        .generate())
                .isSameAs(failure);
        assertThatThrownBy(() -> request()
                        .steps(200)
                        .onPreview(PreviewMode.PROJECTION, 1, p -> {
                            throw failure;
                        })
                        .generate())
                .isSameAs(failure);
        assertThat(draw()).isEqualTo(expected);
    }

    @Test
    void aListenerOfNativeWorkCannotCallAPart() {
        List<Throwable> thrown = new ArrayList<>();
        ByteBuffer pixels = request()
                .steps(6)
                .onProgress(p -> {
                    if (p.phase() == Progress.Phase.SAMPLING && p.step() == 2) {
                        thrown.add(catchThrowable(() -> sd.encodePrompt("a star")));
                    }
                })
                .generate()
                .pixels()
                .asByteBuffer();

        assertThat(thrown)
                .singleElement()
                .isInstanceOfSatisfying(
                        IllegalStateException.class,
                        e -> assertThat(e).hasMessageContaining("called from a listener of this model"));
        assertThat(pixels).isEqualTo(expected);
    }

    @Test
    void aStageDrawsTheNextPicture() throws Exception {
        GeneratedImage next = request()
                .steps(2)
                .start()
                .future()
                .thenApply(image -> sd.imageToImage(image.toBufferedImage(), "a blue star")
                        .steps(2)
                        .generate())
                .get(60, TimeUnit.SECONDS);
        assertThat(next.report().request().task()).isEqualTo(Task.IMAGE_TO_IMAGE);
    }

    @Test
    void aTimeOutOfTheFutureStopsTheNativeWork() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        AtomicInteger laterSteps = new AtomicInteger();
        Generation<GeneratedImage> generation = startLong(sd, running, laterSteps);
        running.await();
        assertThatThrownBy(() ->
                        generation.future().orTimeout(1, TimeUnit.MILLISECONDS).join())
                .hasCauseInstanceOf(TimeoutException.class);

        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        assertThat(draw()).isEqualTo(expected);
        assertThat(laterSteps.get()).isLessThan(50);
    }

    /** A request of its own, by its number of steps, and the events that its listener saw. */
    private record Heard(Generation<GeneratedImage> generation, List<Progress> events) {

        static Heard start(DiffusionModel model, int steps) {
            List<Progress> events = Collections.synchronizedList(new ArrayList<>());
            Generation<GeneratedImage> generation = model.textToImage("a red circle on a white background")
                    .size(64, 64)
                    .steps(steps)
                    .seed(steps)
                    .onProgress(events::add)
                    .start();
            return new Heard(generation, events);
        }

        ByteBuffer pixels() {
            return generation.await().pixels().asByteBuffer();
        }

        /** Every step of this generation, in order, and none of another. */
        void assertOwnSteps(int steps) {
            List<Progress> sampling = events.stream()
                    .filter(p -> p.phase() == Progress.Phase.SAMPLING)
                    .toList();
            assertThat(sampling).extracting(Progress::of).containsOnly(steps);
            assertThat(sampling)
                    .extracting(Progress::step)
                    .isEqualTo(IntStream.rangeClosed(0, steps).boxed().toList());
        }
    }

    @Test
    void eightThreadsGetThePicturesAndTheEventsOfTheirOwn() throws Exception {
        List<ByteBuffer> oneAfterAnother = new ArrayList<>();
        for (int steps = 2; steps < 10; steps++) {
            oneAfterAnother.add(Heard.start(sd, steps).pixels());
        }
        CyclicBarrier together = new CyclicBarrier(8);
        List<CompletableFuture<ByteBuffer>> results = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int steps = 2 + i;
            results.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            together.await();
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                        Heard heard = Heard.start(sd, steps);
                        ByteBuffer pixels = heard.pixels();
                        heard.assertOwnSteps(steps);
                        return pixels;
                    },
                    Thread::startVirtualThread));
        }
        for (int i = 0; i < 8; i++) {
            assertThat(results.get(i).get()).isEqualTo(oneAfterAnother.get(i));
        }
    }

    @Test
    void twoModelsAtOnceDrawAndReportAsTheyDoAlone() {
        try (DiffusionModel other = DiffusionModel.open(DemoModel.path())) {
            ByteBuffer hereAlone = Heard.start(sd, 7).pixels();
            ByteBuffer thereAlone = Heard.start(other, 9).pixels();
            Heard there = Heard.start(other, 9);
            Heard here = Heard.start(sd, 7);
            assertThat(here.pixels()).isEqualTo(hereAlone);
            assertThat(there.pixels()).isEqualTo(thereAlone);
            here.assertOwnSteps(7);
            there.assertOwnSteps(9);
        }
    }

    @Test
    void closingCancelsWaitsAndIsIdempotent() throws Exception {
        DiffusionModel model = DiffusionModel.open(DemoModel.path());
        GeneratedImage image = model.textToImage("a star").steps(1).seed(1).generate();
        CountDownLatch running = new CountDownLatch(1);
        Generation<GeneratedImage> generation = startLong(model, running, new AtomicInteger());
        Generation<GeneratedImage> queued = model.textToImage("a ring").start();
        running.await();
        model.close();
        model.close();

        assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
        assertThatThrownBy(queued::await).isInstanceOf(GenerationCancelledException.class);
        assertThatThrownBy(() -> model.textToImage("a star").generate()).isInstanceOf(ClosedException.class);
        assertThat(image.toBufferedImage().getWidth()).isEqualTo(image.width());
    }

    @Test
    void theQueueHasTheCapacityOfTheOptions() throws Exception {
        try (DiffusionModel model = DiffusionModel.options().queueCapacity(1).open(DemoModel.path())) {
            CountDownLatch running = new CountDownLatch(1);
            startLong(model, running, new AtomicInteger());
            running.await();
            ImageGeneration request = model.textToImage("a star").steps(1);
            request.start();

            assertThatThrownBy(request::start)
                    .isInstanceOfSatisfying(
                            QueueFullException.class,
                            e -> assertThat(e.capacity()).isEqualTo(1));
        }
    }

    @Test
    void closingFromAListenerDoesNotHang() {
        DiffusionModel model = DiffusionModel.open(DemoModel.path());
        assertThatThrownBy(() -> model.textToImage("a star")
                        .steps(300)
                        .onProgress(p -> {
                            if (p.phase() == Progress.Phase.SAMPLING) {
                                model.close();
                            }
                        })
                        .generate())
                .isInstanceOf(GenerationCancelledException.class);
        assertThatThrownBy(() -> model.textToImage("a star").start()).isInstanceOf(ClosedException.class);
    }

    @Test
    void modelThreadsEndWithTheirModels() {
        DiffusionModel.open(DemoModel.path()).close();
        await("only the shared model's thread is left")
                .atMost(1, TimeUnit.MINUTES)
                .until(() -> modelThreads() == 1);
    }

    private static long modelThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("diffusion4j "))
                .count();
    }

    /** The images are held on to: they are the heap's, and nothing waits for a garbage collection. */
    @Test
    void nativePixelsAreFreedBeforeTheCallerHasTheImages() {
        long before = D4j.d4j_live_pixel_bytes();
        List<GeneratedImage> images = request().steps(1).batchCount(3).generateAll();
        assertThat(D4j.d4j_live_pixel_bytes()).isEqualTo(before);
        assertThat(images).hasSize(3).allSatisfy(image -> {
            assertThat(image.pixels().isNative()).isFalse();
            assertThat(image.pixels().isReadOnly()).isTrue();
            assertThat(image.pixels().byteSize()).isEqualTo(3L * image.width() * image.height());
        });
    }
}
