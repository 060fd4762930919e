package dev.diffusion4j.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.StressSize;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opens complete models in which something was changed, and draws with those that are taken. Each must end in a picture or
 * a typed exception, in a JVM that goes on. {@code -Ddiffusion4j.test.mutants=N} sets how many, {@code
 * -Ddiffusion4j.test.seed=N} makes others, {@code -Ddiffusion4j.test.mutants.first=N} begins with that one, and {@code
 * -Ddiffusion4j.test.mutants.folder=FOLDER} keeps the last one and reports of crashes there.
 */
@Tag("stress")
class MutatedModelsTest {

    private static final int MUTANTS = StressSize.of("diffusion4j.test.mutants", 50, 150);
    private static final int FIRST = Integer.getInteger("diffusion4j.test.mutants.first", 0);
    private static final long SEED = Long.getLong("diffusion4j.test.seed", 1);
    private static final String FOLDER = System.getProperty("diffusion4j.test.mutants.folder");

    /** Fewer may all be refused. */
    private static final int MUTANTS_FOR_SHARES = 50;

    /** A mutant takes a second or two; this is for machines that are busy with other things. */
    private static final Duration SILENCE = Duration.ofMinutes(3);

    @TempDir
    private Path temporary;

    /** That the other test can fail: what dies, hangs or throws is counted, and the next one has its turn. */
    @Test
    void deathsHangsAndEscapesAreCounted() throws Exception {
        MutantCounts counts = new MutantWatch(DyingRun.class, temporary, SEED, Duration.ofSeconds(10)).run(0, 6);

        assertThat(counts.of(Outcome.DREW)).isEqualTo(3);
        assertThat(counts.of(Outcome.DIED)).isEqualTo(1);
        assertThat(counts.of(Outcome.HUNG)).isEqualTo(1);
        assertThat(counts.of(Outcome.ESCAPED)).isEqualTo(1);
        assertThat(counts.failures())
                .anySatisfy(failure -> assertThat(failure)
                        .startsWith("mutant 1 DIED: " + DyingRun.MUTANT)
                        .contains(DyingRun.LAST_WORDS))
                .anySatisfy(failure -> assertThat(failure).startsWith("mutant 3 HUNG"))
                .anySatisfy(failure -> assertThat(failure).startsWith("mutant 4 ESCAPED"));
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void noMutantTakesTheJvmAlong() throws Exception {
        Path folder = FOLDER == null
                ? temporary
                : Files.createDirectories(Path.of(FOLDER).toAbsolutePath());
        MutantCounts counts = new MutantWatch(MutantRun.class, folder, SEED, SILENCE).run(FIRST, FIRST + MUTANTS);
        System.out.println(counts);

        assertThat(counts.failures()).isEmpty();
        if (MUTANTS >= MUTANTS_FOR_SHARES) {
            assertThat(counts.of(Outcome.DREW)).isGreaterThan(MUTANTS / 10);
            assertThat(counts.of(Outcome.REFUSED)).isGreaterThan(MUTANTS / 10);
        }
    }
}
