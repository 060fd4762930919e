package dev.diffusion4j.internal.isolated;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.error.IsolatedProcessException;
import dev.diffusion4j.testing.StressSize;
import dev.diffusion4j.testing.process.IsolatedChildren;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Sends signals to an isolated model's process at random moments. Every generation must end in a picture or in an
 * {@link IsolatedProcessException}, and the next one in a picture. {@code -Ddiffusion4j.test.faults=N} sets how many,
 * {@code -Ddiffusion4j.test.seed=N} other moments.
 */
@Tag("stress")
class FaultInjectionTest {

    /** The sample is without STOP, which takes the whole deadline, and which IsolatedTest has. */
    private static final int FAULTS = StressSize.of("diffusion4j.test.faults", 4, 5);

    private static final long SEED = Long.getLong("diffusion4j.test.seed", 1);
    private static final int LONGEST_DELAY_MILLIS = 1500;
    private static final List<String> SIGNALS = List.of("KILL", "SEGV", "ABRT", "BUS", "STOP");

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void everyFaultIsAnExceptionOrHarmlessAndTheNextCallWorks() throws Exception {
        Set<Long> before = IsolatedChildren.pids();
        Random random = new Random(SEED);
        int exceptions = 0;
        int recoveries = 0;
        // Short, because a stopped process is only noticed by its silence; long enough to read the weights on a machine
        // that is busy with other things: 8 seconds were not.
        IsolatedOptions options = IsolatedOptions.DEFAULT.withCallDeadline(Duration.ofSeconds(15));
        try (DiffusionModel sd = DiffusionModel.options().isolated(options).open(DemoModel.path())) {
            ByteBuffer expected = draw(sd);
            for (int fault = 0; fault < FAULTS; fault++) {
                long pid = IsolatedChildren.newSince(before);
                Generation<GeneratedImage> generation =
                        sd.textToImage("a star").steps(500).start();
                String signal = SIGNALS.get(fault % SIGNALS.size());
                CompletableFuture<Void> sent = CompletableFuture.runAsync(
                        () -> IsolatedChildren.signal(signal, pid),
                        CompletableFuture.delayedExecutor(random.nextInt(LONGEST_DELAY_MILLIS), TimeUnit.MILLISECONDS));
                try {
                    generation.await();
                } catch (IsolatedProcessException e) {
                    exceptions++;
                }
                sent.join();
                if (draw(sd).equals(expected)) {
                    recoveries++;
                }
                assertThat(IsolatedChildren.isAlive(pid)).isFalse();
            }
        }
        System.out.println(FAULTS + " faults, " + exceptions + " exceptions, " + recoveries + " recoveries, "
                + (IsolatedChildren.pids().size() - before.size()) + " orphans");
        assertThat(exceptions).isEqualTo(FAULTS);
        assertThat(recoveries).isEqualTo(FAULTS);
        assertThat(IsolatedChildren.pids()).isEqualTo(before);
    }

    private static ByteBuffer draw(DiffusionModel sd) {
        return sd.textToImage("a red circle on a white background")
                .steps(2)
                .seed(3)
                .generate()
                .pixels()
                .asByteBuffer();
    }
}
