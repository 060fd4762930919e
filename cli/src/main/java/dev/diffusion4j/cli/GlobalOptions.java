package dev.diffusion4j.cli;

import dev.diffusion4j.cli.progress.RuntimeLog;
import java.util.function.Consumer;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Options that every command has. */
final class GlobalOptions {

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Show stack traces and the runtime's whole log.")
    boolean debug;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            description = "No progress; errors, results, and what was asked for and not done.")
    boolean quiet;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            scope = ScopeType.INHERIT,
            description = "What to show of the runtime's log: off, error, warning, info or debug (warning).")
    RuntimeLog.Level logLevel;

    /** Opens the runtime's log as the options say. */
    RuntimeLog openLog(Consumer<String> lines) {
        return logLevel != null || debug
                ? openWholeLog(lines)
                : RuntimeLog.showingWhatIsNotSaidElsewhere(usualLevel(), lines);
    }

    /** As {@link #openLog}, with errors as they come: for commands that go on after one. */
    RuntimeLog openWholeLog(Consumer<String> lines) {
        if (logLevel != null) {
            return RuntimeLog.showing(logLevel, lines);
        }
        return RuntimeLog.showing(debug ? RuntimeLog.Level.DEBUG : usualLevel(), lines);
    }

    private RuntimeLog.Level usualLevel() {
        return quiet ? RuntimeLog.Level.ERROR : RuntimeLog.Level.WARNING;
    }
}
