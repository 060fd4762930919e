package dev.diffusion4j.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.diffusion4j.component.Vae;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.internal.component.EngineVae;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.testing.engine.FakeEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls of single components, which wait for the model's thread: interrupted, nested, too late. */
@Tag("fast")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EngineCallsTest {

    private final EngineThread thread = new EngineThread("diffusion4j fake engine");
    private final AtomicBoolean closed = new AtomicBoolean();
    private final List<Tensor> decoded = new ArrayList<>();
    private final CountDownLatch decoding = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final FakeEngine engine = new FakeEngine(null) {
        @Override
        public void run(ComponentCall call, Watch watch) {
            decoding.countDown();
            awaitRelease();
            decoded.add(call.outputs().getFirst().tensor());
        }
    };
    private final EngineCalls calls = new EngineCalls(thread, engine, engine.info(), closed::get);
    private final Vae vae = new EngineVae(calls);
    private final Tensor latents = Tensor.zeros(Shape.of(1, 4, 8, 8));

    @AfterEach
    void end() {
        release.countDown();
        thread.end(() -> {});
    }

    private void nothing() {
        calls.call(fake -> null);
    }

    private void awaitRelease() {
        try {
            release.await();
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts the model's thread", e);
        }
    }

    /** A caller on a thread of its own, what it got, and whether it was still interrupted then. */
    private static final class Caller {

        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        final CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        final Thread thread;

        Caller(Runnable call) {
            thread = Thread.ofVirtual().start(() -> {
                thrown.complete(catchThrowable(call::run));
                interrupted.complete(Thread.currentThread().isInterrupted());
            });
        }

        /** Until it waits for its call, and is not just about to make it. */
        void awaitWaiting() {
            await().atMost(Duration.ofMinutes(1))
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> thread.getState() == Thread.State.WAITING);
        }
    }

    @Test
    void whoIsInterruptedWhileItsCallWaitsGetsOutAndTheCallIsNeverMade() throws Exception {
        Caller first = new Caller(() -> vae.decode(latents).close());
        decoding.await();
        Caller second = new Caller(() -> vae.decode(latents).close());
        second.awaitWaiting();
        second.thread.interrupt();

        assertThat(second.thrown.join())
                .isInstanceOf(GenerationCancelledException.class)
                .hasMessageContaining("interrupted");
        assertThat(second.interrupted.join()).isTrue();
        release.countDown();
        assertThat(first.thrown.join()).isNull();
        nothing();
        assertThat(decoded).hasSize(1);
    }

    @Test
    void aCallThatHasBegunIsWaitedFor() throws Exception {
        Caller caller = new Caller(() -> vae.decode(latents).close());
        decoding.await();
        caller.thread.interrupt();
        release.countDown();

        assertThat(caller.thrown.join()).isNull();
        assertThat(caller.interrupted.join()).isTrue();
        assertThat(decoded).hasSize(1);
    }

    @Test
    void aThreadThatWasInterruptedBeforeMakesNoCall() {
        Caller caller = new Caller(() -> {
            Thread.currentThread().interrupt();
            vae.decode(latents);
        });

        assertThat(caller.thrown.join()).isInstanceOf(GenerationCancelledException.class);
        assertThat(caller.interrupted.join()).isTrue();
        assertThat(decoding.getCount()).isEqualTo(1);
    }

    @Test
    void aCallFromWithinACallOfNativeCodeIsToldThatItComesFromAListener() {
        List<Throwable> thrown = new ArrayList<>();
        calls.call(fake -> thrown.add(catchThrowable(() -> vae.decode(latents))));

        assertThat(thrown)
                .singleElement()
                .isInstanceOfSatisfying(
                        IllegalStateException.class,
                        e -> assertThat(e)
                                .isNotInstanceOf(ClosedException.class)
                                .hasMessageContaining("called from a listener of this model"));
        nothing();
    }

    @Test
    void aCallThatWaitsWhileTheModelIsClosedIsRefused() throws Exception {
        Caller first = new Caller(() -> vae.decode(latents).close());
        decoding.await();
        CountDownLatch queued = new CountDownLatch(1);
        Caller second = new Caller(() -> {
            queued.countDown();
            vae.decode(latents).close();
        });
        queued.await();
        closed.set(true);
        release.countDown();

        assertThat(first.thrown.join()).isNull();
        assertThat(second.thrown.join()).isInstanceOf(ClosedException.class);
        assertThat(decoded).hasSize(1);
    }

    @Test
    void workThatMustBeDoneIsDoneForAnInterruptedCallerToo() {
        Caller caller = new Caller(() -> {
            Thread.currentThread().interrupt();
            assertThat(thread.callUninterruptibly(() -> "done")).isEqualTo("done");
        });

        assertThat(caller.thrown.join()).isNull();
        assertThat(caller.interrupted.join()).isTrue();
    }

    @Test
    void nothingIsTakenAfterTheEnd() {
        EngineThread ended = new EngineThread("diffusion4j fake engine");
        ended.end(() -> {});
        EngineCalls late = new EngineCalls(ended, engine, engine.info(), closed::get);

        assertThatThrownBy(() -> late.call(fake -> decoded.add(latents))).isInstanceOf(ClosedException.class);
        assertThat(decoded).isEmpty();
    }
}
