package dev.diffusion4j.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.Progress;
import dev.diffusion4j.Progress.Phase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    @Test
    void linesAreFewAndPlain() {
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.AUTO, Terminal.none(), err)) {
            generate(display, 2, 100);
        }
        List<String> lines = written().lines().toList();
        assertThat(lines)
                .startsWith("loading the model", "encoding", "sampling image 1/2 10/100, 2.00 steps/s, 50 s left");
        assertThat(lines)
                .filteredOn(line -> line.startsWith("sampling image 2/2"))
                .hasSize(10);
        assertThat(lines).last().isEqualTo("decoding");
        assertThat(lines).hasSize(2 + 20 + 1);
        assertThat(written()).doesNotContain("\r", "\033");
    }

    @Test
    void fewStepsHaveALineEach() {
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.PLAIN, Terminal.none(), err)) {
            generate(display, 1, 4);
        }
        assertThat(written().lines())
                .filteredOn(line -> line.startsWith("sampling"))
                .hasSize(4);
    }

    @Test
    void nothingIsSaidOfWhatWasRefusedAtOnce() {
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.PLAIN, Terminal.none(), err)) {
            display.activity("loading the model");
        }
        assertThat(written()).isEmpty();
    }

    @Test
    void noneShowsMessagesOnly() {
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.NONE, Terminal.none(), err)) {
            generate(display, 1, 4);
            display.println("warning: something");
        }
        assertThat(written()).isEqualTo("warning: something" + System.lineSeparator());
    }

    /** Egypt's Arabic has digits of its own. */
    @Test
    void theBarHasTheDigitsOfItsWordsInEveryLocale() {
        Locale usual = Locale.getDefault();
        Locale.setDefault(Locale.of("ar", "EG"));
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.BAR, Terminal.none(), err)) {
            generate(display, 1, 5);
        } finally {
            Locale.setDefault(usual);
        }
        assertThat(written()).contains("5/5").matches(text -> text.chars().allMatch(c -> c < 128), "is ASCII");
    }

    @Test
    void theBarOfEachSamplingRunStaysAndNothingElse() {
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.BAR, Terminal.none(), err)) {
            generate(display, 2, 5);
        }
        List<String> lines = screen();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).startsWith("sampling 1/2 100% [=====").contains(" 5/5  2.00 steps/s");
        assertThat(lines.get(1)).startsWith("sampling 2/2 100% [=====");
        assertThat(lines).allSatisfy(line -> assertThat(line).hasSizeLessThan(80));
    }

    @Test
    void whatWasReachedStaysWhenTheWorkStops() {
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.BAR, Terminal.none(), err)) {
            display.activity("loading the model");
            display.show(progress(Phase.SAMPLING, 0, 5, 0, 1));
            display.show(progress(Phase.SAMPLING, 2, 5, 0, 1));
        }
        assertThat(screen()).singleElement().asString().startsWith("sampling  40% [");
    }

    @Test
    void aMessageDoesNotTearTheBar() {
        try (ProgressDisplay display = ProgressDisplay.of(ProgressDisplay.Style.BAR, Terminal.none(), err)) {
            display.activity("loading the model");
            display.println("warning: something");
        }
        assertThat(screen()).containsExactly("warning: something");
    }

    @Test
    void narrowTerminalsGetFiguresOnly() {
        Progress progress = progress(Phase.SAMPLING, 2, 5, 0, 1);
        RedrawnLine line = new RedrawnLine(err, 20);
        line.accept("x".repeat(50));
        assertThat(screen()).containsExactly("x".repeat(20));
        assertThat(ProgressText.speed(0.25)).isEqualTo("4.0 s/step");
        assertThat(ProgressText.duration(Duration.ofSeconds(65))).isEqualTo("1:05");
        assertThat(ProgressText.duration(Duration.ofSeconds(3723))).isEqualTo("1:02:03");
        assertThat(ProgressText.name(progress)).isEqualTo("sampling");
    }

    @Test
    void loadingInTheMiddleIsNotTheOtherPhasesTime() {
        PhaseClock clock = new PhaseClock(0);
        long second = 1_000_000_000L;
        clock.report(Phase.ENCODING, 0, second);
        clock.report(Phase.LOADING, 0, 2 * second);
        clock.report(Phase.LOADING, 10, 5 * second);
        clock.report(Phase.ENCODING, 1, 6 * second);
        clock.report(Phase.SAMPLING, 0, 6 * second);
        clock.report(Phase.SAMPLING, 1, 8 * second);
        clock.report(Phase.DECODING, 0, 8 * second);
        clock.report(Phase.DECODING, 1, 12 * second);
        assertThat(clock.seconds(Phase.LOADING)).isEqualTo(4);
        assertThat(clock.seconds(Phase.ENCODING)).isEqualTo(2);
        assertThat(clock.seconds(Phase.SAMPLING)).isEqualTo(2);
        assertThat(clock.seconds(Phase.DECODING)).isEqualTo(4);
    }

    /** The reports of a generation, with weights loaded in the middle as the runtime does. */
    private static void generate(ProgressDisplay display, int images, int steps) {
        display.activity("loading the model");
        display.show(progress(Phase.ENCODING, 0, 1, 0, images));
        display.show(progress(Phase.LOADING, 0, 7, 0, images));
        display.show(progress(Phase.LOADING, 7, 7, 0, images));
        display.show(progress(Phase.ENCODING, 1, 1, 0, images));
        for (int image = 0; image < images; image++) {
            for (int step = 0; step <= steps; step++) {
                display.show(progress(Phase.SAMPLING, step, steps, image, images));
                if (image == 0 && step == 0) {
                    display.show(progress(Phase.LOADING, 0, 9, 0, images));
                    display.show(progress(Phase.LOADING, 9, 9, 0, images));
                }
            }
        }
        display.show(progress(Phase.DECODING, 0, images, 0, images));
        display.show(progress(Phase.DECODING, images, images, images - 1, images));
    }

    private static Progress progress(Phase phase, int step, int of, int image, int images) {
        boolean hasSpeed = phase == Phase.SAMPLING && step > 0;
        return new Progress(
                phase,
                step,
                of,
                image,
                images,
                Duration.ofSeconds(1),
                hasSpeed ? 2 : 0,
                hasSpeed ? Optional.of(Duration.ofSeconds(50)) : Optional.empty());
    }

    private String written() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** What a terminal shows in the end. */
    private List<String> screen() {
        return Arrays.stream(written().split("\r?\n"))
                .map(line -> line.substring(line.lastIndexOf('\r') + 1).replace("\033[K", ""))
                .filter(line -> !line.isEmpty())
                .toList();
    }
}
