package dev.diffusion4j.cli;

import dev.diffusion4j.cli.options.OptionNames;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.ImageFileException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.error.TensorFileException;
import dev.diffusion4j.hub.AmbiguousModelException;
import dev.diffusion4j.hub.DownloadCancelledException;
import dev.diffusion4j.hub.HubException;
import dev.diffusion4j.hub.InvalidReferenceException;
import dev.diffusion4j.hub.NoSuchQuantException;
import dev.diffusion4j.hub.UnknownModelNameException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line for the user and an exit code for scripts. */
final class ErrorReport {

    private final PrintStream err;
    private final boolean debug;

    /**
     * @param err where the line goes
     * @param debug whether the stack trace follows
     */
    ErrorReport(PrintStream err, boolean debug) {
        this.err = err;
        this.debug = debug;
    }

    /** Reports a failure and returns the exit code that stands for it. */
    int report(Throwable failure) {
        err.println("diffuse: " + oneLine(message(failure)));
        trace(failure);
        return exitCode(failure);
    }

    /** Reports a command line that cannot be understood. */
    int reportUsage(ParameterException failure) {
        String message =
                failure instanceof UnmatchedArgumentException unmatched ? message(unmatched) : message(failure);
        err.println("diffuse: " + oneLine(message));
        err.println("See '" + failure.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
        trace(failure);
        return ExitCode.USAGE;
    }

    private static String message(UnmatchedArgumentException failure) {
        String argument = failure.getUnmatched().getFirst();
        boolean hasCommands = !failure.getCommandLine().getSubcommands().isEmpty();
        String kind = failure.isUnknownOption() ? "option" : hasCommands ? "command" : "argument";
        List<String> suggestions = failure.getSuggestions();
        return (kind.equals("argument") ? "superfluous " : "unknown ") + kind + " '" + argument + "'"
                + (suggestions.isEmpty() ? "" : " (did you mean " + suggestions.getFirst() + "?)");
    }

    /** Picocli names an option by its longest name; the first long one is what the help speaks of. */
    private static String message(ParameterException failure) {
        String message = failure.getMessage();
        if (failure.getArgSpec() instanceof OptionSpec option) {
            String preferred = Arrays.stream(option.names())
                    .filter(name -> name.startsWith("--"))
                    .findFirst()
                    .orElse(option.longestName());
            message = message.replace("'" + option.longestName() + "'", "'" + preferred + "'");
        }
        return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
    }

    static int exitCode(Throwable failure) {
        return switch (failure) {
            case InvalidRequestException _, ParameterException _ -> ExitCode.USAGE;
            case InvalidReferenceException _,
                    UnknownModelNameException _,
                    NoSuchQuantException _,
                    AmbiguousModelException _ -> ExitCode.USAGE;
            case DownloadCancelledException _ -> ExitCode.CANCELLED;
            case ModelFileException _, HubException _ -> ExitCode.MODEL_FILE;
            case ImageFileException _, TensorFileException _ -> ExitCode.PICTURE_FILE;
            case NativeLibraryException _ -> ExitCode.NATIVE_LIBRARY;
            case OutOfNativeMemoryException _, OutOfMemoryError _ -> ExitCode.OUT_OF_MEMORY;
            case DeviceUnavailableException _ -> ExitCode.DEVICE;
            case GenerationCancelledException _ -> ExitCode.CANCELLED;
            case DiffusionException _, ClosedException _ -> ExitCode.FAILED;
            default -> ExitCode.INTERNAL;
        };
    }

    private static String message(Throwable failure) {
        return switch (failure) {
            case GenerationCancelledException _ -> "cancelled";
            case InvalidRequestException e -> OptionNames.message(e);
            case DiffusionException _, ClosedException _, HubException _ -> failure.getMessage();
            case OutOfMemoryError _ -> "the Java heap is full; raise it with -Xmx";
            default -> "internal error: " + failure + " (--debug shows where)";
        };
    }

    private void trace(Throwable failure) {
        if (debug) {
            failure.printStackTrace(err);
        }
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
