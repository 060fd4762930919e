package dev.diffusion4j.cli;

import dev.diffusion4j.cli.progress.RuntimeLog;
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
            description = "No progress; errors and results only.")
    boolean quiet;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            scope = ScopeType.INHERIT,
            description = "What to show of the runtime's log: off, error, warning, info or debug (error).")
    RuntimeLog.Level logLevel;

    RuntimeLog.Level effectiveLogLevel() {
        if (logLevel != null) {
            return logLevel;
        }
        return debug ? RuntimeLog.Level.DEBUG : RuntimeLog.Level.ERROR;
    }
}
