package dev.diffusion4j.soak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.StressSize;
import dev.diffusion4j.testing.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Opens and closes models, and cancels generations, again and again: no model, no pixels and no thread may be left, and
 * with enough rounds to tell, the resident memory must be flat. {@code -Ddiffusion4j.test.soak=N} sets the rounds,
 * {@code -Ddiffusion4j.test.soak.folder=FOLDER} keeps the record and its plot there.
 */
@Tag("stress")
@EnabledOnOs(OS.LINUX)
class SoakTest {

    private static final int ROUNDS = StressSize.of("diffusion4j.test.soak", 6, 12);
    private static final String FOLDER = System.getProperty("diffusion4j.test.soak.folder");

    /** Fewer are too few to tell a slope from noise. */
    private static final int ROUNDS_FOR_A_SLOPE = 500;

    private static final long FLAT_BYTES_PER_ROUND = 4096;

    private static final int DROPPED_PICTURES = 2000;
    private static final long MOST_GROWTH_OF_DROPPED_PICTURES = 32L << 20;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(
            value = Soak.Kind.class,
            names = {"CYCLES", "CANCELS"})
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void nothingIsLeftBehind(Soak.Kind kind) throws Exception {
        Path csv = folder.resolve("soak.csv");
        run(kind, ROUNDS, csv);

        SoakRecord soak = SoakRecord.read(csv);
        SoakRecord.Slope slope = soak.slope();
        System.out.printf(
                "%d %s, %d of them drawn to the end: %.0f +- %.0f bytes per round after %d, %d models, %d threads%n",
                soak.rounds(),
                kind,
                soak.drawn(),
                slope.perRound(),
                slope.uncertainty(),
                soak.warmUp(),
                soak.models()[ROUNDS - 1],
                soak.threads()[ROUNDS - 1]);
        keep(soak, kind, csv);
        assertThat(soak.rounds()).isEqualTo(ROUNDS);
        assertThat(soak.pixels()).containsOnly(0);
        assertThat(soak.models()).containsOnly(kind == Soak.Kind.CYCLES ? 0 : 1);
        assertThat(soak.threads()[ROUNDS - 1])
                .isEqualTo(Arrays.stream(soak.threads()).min().orElseThrow());
        if (ROUNDS >= ROUNDS_FOR_A_SLOPE) {
            assertThat(slope.perRound()).isLessThan(FLAT_BYTES_PER_ROUND);
        }
    }

    /** 6 GB of pixels in all, through a heap of 64 MB. */
    @Test
    void droppedPicturesKeepResidentMemoryBounded() throws Exception {
        Path csv = folder.resolve("pictures.csv");
        run(Soak.Kind.PICTURES, DROPPED_PICTURES, csv);

        SoakRecord soak = SoakRecord.read(csv);
        double[] resident =
                Arrays.stream(soak.resident()).asDoubleStream().skip(100).toArray();
        double growth = Arrays.stream(resident).max().orElseThrow() - resident[0];
        System.out.printf("%d pictures dropped: %.0f bytes more resident memory%n", soak.rounds(), growth);
        assertThat(soak.rounds()).isEqualTo(DROPPED_PICTURES);
        assertThat(soak.pixels()).containsOnly(0);
        assertThat(growth).isLessThan(MOST_GROWTH_OF_DROPPED_PICTURES);
    }

    private static void run(Soak.Kind kind, int rounds, Path csv) throws IOException, InterruptedException {
        List<String> command = ChildJvm.java();
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                // Everything that the JVM changes by itself is fixed: what is left is ours.
                "-XX:+UseSerialGC",
                "-Xms64m",
                "-Xmx64m",
                "-XX:+AlwaysPreTouch",
                "-XX:-UseDynamicNumberOfCompilerThreads",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Soak.class.getName(),
                kind.name(),
                Integer.toString(rounds),
                csv.toString()));
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            assertThat(process.waitFor()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    private static void keep(SoakRecord soak, Soak.Kind kind, Path csv) throws IOException {
        if (FOLDER == null) {
            return;
        }
        String name = "soak-" + kind.name().toLowerCase(Locale.ROOT);
        Path kept = Files.createDirectories(Path.of(FOLDER).toAbsolutePath());
        Files.write(kept.resolve(name + ".csv"), Files.readAllBytes(csv));
        SoakPlot.write(
                soak, kind == Soak.Kind.CYCLES ? "open, draw, close cycles" : "cancels", kept.resolve(name + ".png"));
    }
}
