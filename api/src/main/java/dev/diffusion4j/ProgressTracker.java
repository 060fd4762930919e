package dev.diffusion4j;

import dev.diffusion4j.Progress.Phase;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Tells the phases of a generation apart. The runtime reports tensors, denoising steps and VAE tiles; encoding lasts
 * until the first step, decoding begins after the last step of the last image.
 */
final class ProgressTracker {

    private final int images;
    private final int passes;
    private final Consumer<? super Progress> listener;
    private final LongSupplier clock;
    private final long beganAt;
    private Phase phase = Phase.ENCODING;
    private int finishedRuns;
    private int finishedSteps;
    private long samplingNanos;
    private long lastStepAt;
    private int lastStep;
    private boolean began;

    /**
     * @param images images in the batch
     * @param passes sampling passes per image: 2 with a high-resolution fix
     */
    ProgressTracker(int images, int passes, Consumer<? super Progress> listener) {
        this(images, passes, listener, System::nanoTime);
    }

    /**
     * @param clock nanoseconds since any moment
     */
    ProgressTracker(int images, int passes, Consumer<? super Progress> listener, LongSupplier clock) {
        this.images = images;
        this.passes = passes;
        this.listener = listener;
        this.clock = clock;
        beganAt = clock.getAsLong();
    }

    void begin() {
        emit(Phase.ENCODING, 0, 1, 0);
    }

    void report(ProgressKind kind, int step, int of) {
        switch (kind) {
            case LOADING -> {
                // Weights are read within the first step; that time says nothing about the steps to come.
                lastStepAt = clock.getAsLong();
                emit(Phase.LOADING, step, of, currentImage());
            }
            case SAMPLING -> sampled(step, of);
            case TILES -> emit(phase == Phase.SAMPLING ? Phase.DECODING : phase, step, of, currentImage());
        }
    }

    void end() {
        emit(Phase.DECODING, images, images, images - 1);
    }

    private void sampled(int step, int of) {
        long now = clock.getAsLong();
        if (phase == Phase.ENCODING) {
            emit(Phase.ENCODING, 1, 1, 0);
            phase = Phase.SAMPLING;
        }
        if (step > 0) {
            samplingNanos += now - lastStepAt;
            finishedSteps++;
        } else if (began && lastStep == 0) {
            // A run's beginning is reported again after weights were read for it.
            return;
        }
        began = true;
        lastStepAt = now;
        emit(Phase.SAMPLING, step, of, currentImage());
        boolean runEnded = step == of && lastStep != of;
        lastStep = step;
        if (runEnded && ++finishedRuns == images * passes) {
            phase = Phase.DECODING;
            emit(Phase.DECODING, 0, images, 0);
        }
    }

    /** Runs of one pass follow each other through the batch before the next pass begins. */
    private int currentImage() {
        return Math.min(finishedRuns % images, images - 1);
    }

    private void emit(Phase what, int step, int of, int image) {
        double stepsPerSecond = 0;
        Optional<Duration> remaining = Optional.empty();
        if (what == Phase.SAMPLING && finishedSteps > 0 && samplingNanos > 0) {
            stepsPerSecond = finishedSteps * 1e9 / samplingNanos;
            long stepsLeft = (long) of * (images * passes - finishedRuns) - step;
            remaining = Optional.of(Duration.ofNanos((long) (stepsLeft * 1e9 / stepsPerSecond)));
        }
        Duration elapsed = Duration.ofNanos(clock.getAsLong() - beganAt);
        listener.accept(new Progress(what, step, Math.max(of, 1), image, images, elapsed, stepsPerSecond, remaining));
    }
}
