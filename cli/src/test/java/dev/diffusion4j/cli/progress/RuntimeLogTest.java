package dev.diffusion4j.cli.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RuntimeLogTest {

    private final System.Logger logger = System.getLogger("dev.diffusion4j.runtime");
    private final List<String> lines = new ArrayList<>();

    @Test
    void showsTheLevelThatWasAskedForAndAbove() {
        try (RuntimeLog _ = RuntimeLog.showing(RuntimeLog.Level.INFO, lines::add)) {
            logAll();
        }
        logAll();
        assertThat(lines).containsExactly("error: 1", "warning: 2", "info: 3");
    }

    @Test
    void errorsThatAnExceptionTellsOfAreNotShown() {
        try (RuntimeLog _ = RuntimeLog.showingWhatIsNotSaidElsewhere(RuntimeLog.Level.WARNING, lines::add)) {
            logAll();
        }
        assertThat(lines).containsExactly("warning: 2");
    }

    @Test
    void errorsThatNothingElseTellsOfAreShown() {
        try (RuntimeLog log = RuntimeLog.showingWhatIsNotSaidElsewhere(RuntimeLog.Level.WARNING, lines::add)) {
            logAll();
            log.succeeded();
        }
        assertThat(lines).containsExactly("warning: 2", "error: 1");
    }

    private void logAll() {
        logger.log(System.Logger.Level.ERROR, "1");
        logger.log(System.Logger.Level.WARNING, "2");
        logger.log(System.Logger.Level.DEBUG, "3");
        logger.log(System.Logger.Level.TRACE, "4 {0}");
    }
}
