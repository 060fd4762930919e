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
        if (logLevel != null) {
            return RuntimeLog.showing(logLevel, lines);
        }
        if (debug) {
            return RuntimeLog.showing(RuntimeLog.Level.DEBUG, lines);
        }
        return RuntimeLog.showingWhatIsNotSaidElsewhere(
                quiet ? RuntimeLog.Level.ERROR : RuntimeLog.Level.WARNING, lines);
    }
}
