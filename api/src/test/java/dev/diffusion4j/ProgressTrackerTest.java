package dev.diffusion4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.Progress.Phase;
import dev.diffusion4j.internal.engine.GenerationObserver.ProgressKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class ProgressTrackerTest {

    private final List<Progress> events = new ArrayList<>();
    private long nanos;

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    private void sample(ProgressTracker tracker, int steps) {
        for (int step = 0; step <= steps; step++) {
            tracker.report(ProgressKind.SAMPLING, step, steps);
        }
    }

    private List<Phase> phases() {
        List<Phase> phases = new ArrayList<>();
        for (Progress event : events) {
            if (phases.isEmpty() || phases.getLast() != event.phase()) {
                phases.add(event.phase());
            }
        }
        return phases;
    }

    @Test
    void phasesFollowEachOther() {
        ProgressTracker tracker = new ProgressTracker(1, 1, events::add);
        tracker.begin();
        tracker.report(ProgressKind.LOADING, 0, 10);
        tracker.report(ProgressKind.LOADING, 10, 10);
        sample(tracker, 3);
        tracker.end();

        assertThat(phases())
                .containsExactly(Phase.ENCODING, Phase.LOADING, Phase.ENCODING, Phase.SAMPLING, Phase.DECODING);
        assertThat(events.getLast().step()).isEqualTo(events.getLast().of());
    }

    @Test
    void weightsReadDuringSamplingAreLoading() {
        ProgressTracker tracker = new ProgressTracker(1, 1, events::add);
        tracker.begin();
        tracker.report(ProgressKind.SAMPLING, 0, 2);
        tracker.report(ProgressKind.LOADING, 5, 686);
        tracker.report(ProgressKind.SAMPLING, 1, 2);

        assertThat(events).extracting(Progress::phase).endsWith(Phase.SAMPLING, Phase.LOADING, Phase.SAMPLING);
        assertThat(events.get(events.size() - 2).of()).isEqualTo(686);
    }

    @Test
    void readingWeightsDoesNotCountAsSampling() {
        ProgressTracker tracker = new ProgressTracker(1, 1, events::add, () -> nanos);
        tracker.begin();
        tracker.report(ProgressKind.SAMPLING, 0, 4);
        pass(Duration.ofMillis(200));
        tracker.report(ProgressKind.LOADING, 686, 686);
        tracker.report(ProgressKind.SAMPLING, 0, 4);
        pass(Duration.ofMillis(20));
        tracker.report(ProgressKind.SAMPLING, 1, 4);

        assertThat(events.getLast().stepsPerSecond()).isEqualTo(50);
        assertThat(events.getLast().elapsed()).isEqualTo(Duration.ofMillis(220));
        assertThat(events.stream().filter(e -> e.phase() == Phase.SAMPLING).map(Progress::step))
                .containsExactly(0, 1);
    }

    @Test
    void tilesAfterSamplingAreDecoding() {
        ProgressTracker tracker = new ProgressTracker(1, 1, events::add);
        tracker.begin();
        tracker.report(ProgressKind.TILES, 1, 4);
        sample(tracker, 2);
        tracker.report(ProgressKind.TILES, 2, 9);

        assertThat(events.get(1).phase()).isEqualTo(Phase.ENCODING);
        assertThat(events.getLast().phase()).isEqualTo(Phase.DECODING);
        assertThat(events.getLast().of()).isEqualTo(9);
    }

    @Test
    void imagesOfABatchAreCounted() {
        ProgressTracker tracker = new ProgressTracker(3, 1, events::add);
        tracker.begin();
        sample(tracker, 2);
        sample(tracker, 2);
        assertThat(events.getLast().phase()).isEqualTo(Phase.SAMPLING);
        sample(tracker, 2);

        assertThat(events.stream()
                        .filter(e -> e.phase() == Phase.SAMPLING)
                        .map(Progress::image)
                        .distinct())
                .containsExactly(0, 1, 2);
        assertThat(events.getLast().phase()).isEqualTo(Phase.DECODING);
    }

    @Test
    void bothPassesOfAHighResolutionFixAreSampling() {
        ProgressTracker tracker = new ProgressTracker(1, 2, events::add);
        tracker.begin();
        sample(tracker, 2);
        assertThat(events.getLast().phase()).isEqualTo(Phase.SAMPLING);
        sample(tracker, 4);
        assertThat(events.getLast().phase()).isEqualTo(Phase.DECODING);
    }

    @Test
    void aLastStepReportedTwiceEndsOneRun() {
        ProgressTracker tracker = new ProgressTracker(2, 1, events::add);
        tracker.begin();
        sample(tracker, 2);
        tracker.report(ProgressKind.SAMPLING, 2, 2);
        assertThat(events.getLast().phase()).isEqualTo(Phase.SAMPLING);
        sample(tracker, 2);
        assertThat(events.getLast().phase()).isEqualTo(Phase.DECODING);
    }

    @Test
    void estimateCountsTheStepsOfAllImages() {
        ProgressTracker tracker = new ProgressTracker(2, 1, events::add, () -> nanos);
        tracker.begin();
        tracker.report(ProgressKind.SAMPLING, 0, 4);
        pass(Duration.ofMillis(20));
        tracker.report(ProgressKind.SAMPLING, 1, 4);

        Progress first = events.getLast();
        assertThat(first.stepsPerSecond()).isEqualTo(50);
        assertThat(first.remaining()).contains(Duration.ofMillis(7 * 20));
        assertThat(first.toString())
                .startsWith("sampling image 1/2 1/4, ")
                .contains("steps/s")
                .contains("s left");
    }
}
