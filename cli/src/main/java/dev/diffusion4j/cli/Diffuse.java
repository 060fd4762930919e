package dev.diffusion4j.cli;

import dev.diffusion4j.NativeRuntime;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.options.CacheArgument;
import dev.diffusion4j.cli.options.Converters;
import dev.diffusion4j.cli.options.EmbeddingArgument;
import dev.diffusion4j.cli.options.HighResOptions;
import dev.diffusion4j.cli.options.LoraArgument;
import dev.diffusion4j.cli.options.ModelArgument;
import dev.diffusion4j.cli.options.PixelSize;
import dev.diffusion4j.cli.options.PredictionKind;
import dev.diffusion4j.cli.options.SeamlessAxes;
import dev.diffusion4j.cli.progress.DownloadDisplay;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.cli.progress.Terminal;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.request.LoraMode;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.request.WeightType;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.tensor.RandomSource;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program {@code diffuse}. */
@Command(
        name = "diffuse",
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = Diffuse.Version.class,
        sortOptions = false,
        sortSynopsis = false,
        usageHelpAutoWidth = true,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "  0:done",
            "  1:the runtime failed while drawing",
            "  2:the command line, or what it asks for, is not valid",
            "  3:a model file is missing, unreadable or not supported, or cannot be written",
            "  4:a picture or array file cannot be read or written, nor standard output",
            "  5:the native library is missing or does not fit",
            "  6:not enough memory",
            "  7:a device is not there, or was lost",
            " 70:internal error",
            "130:cancelled (Ctrl-C)"
        })
public final class Diffuse implements Runnable {

    private static final String HEADER = "Draws pictures from text with Stable Diffusion models, on this machine.";

    private static final String[] EXAMPLES = {
        "",
        "For example:",
        "  diffuse generate \"a red circle on a white background\" -o circle.png",
        "  diffuse edit photo.jpg \"a watercolour\" --strength 0.5 -m model.safetensors",
        "  diffuse inspect model.safetensors"
    };

    private static final List<Class<?>> COMMANDS = List.of(
            GenerateCommand.class,
            EditCommand.class,
            UpscaleCommand.class,
            VideoCommand.class,
            TokenizeCommand.class,
            EmbedCommand.class,
            EncodeCommand.class,
            DecodeCommand.class,
            SchedulersCommand.class,
            InspectCommand.class,
            ConvertCommand.class,
            ServeCommand.class,
            PullCommand.class,
            ModelsCommand.class,
            DevicesCommand.class,
            RpcServerCommand.class,
            DoctorCommand.class,
            VersionCommand.class,
            CompletionCommand.class);

    private final Console console;
    private final Map<String, String> environment;

    @Mixin
    private GlobalOptions globals;

    @Spec
    private CommandSpec spec;

    private Diffuse(Console console, Map<String, String> environment) {
        this.console = console;
        this.environment = environment;
    }

    /** Runs the program and ends the process with its exit code. */
    public static void main(String[] args) {
        // Nothing here opens a window, and looking for a display costs time and fails where there is none.
        System.setProperty("java.awt.headless", "true");
        // The words are English whatever the locale; so are the digits and decimal points that go with them.
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        Cancellation cancellation = new Cancellation();
        CancelOnShutdown.install(cancellation);
        int code = ExitCode.INTERNAL;
        try {
            code = run(args, new Console(System.in, System.out, System.err, Terminal.standardError(), cancellation));
        } finally {
            cancellation.finish();
        }
        System.exit(code);
    }

    /**
     * Runs a command line within this process.
     *
     * @param args what follows the program's name
     * @param out where results go
     * @param err where progress and messages go
     * @return the exit code
     */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        return run(args, new Console(InputStream.nullInputStream(), out, err, Terminal.none(), new Cancellation()));
    }

    static int run(String[] args, Console console) {
        return run(args, console, System.getenv());
    }

    /**
     * @param environment where the hub and its cache are
     */
    static int run(String[] args, Console console, Map<String, String> environment) {
        Diffuse diffuse = new Diffuse(console, environment);
        int code;
        try {
            code = commandLine(diffuse, args).execute(args);
        } catch (Error e) {
            // Picocli hands over exceptions; what is left is memory that ran out, or a broken installation.
            code = diffuse.errorReport().report(e);
        }
        // Flushes, too. A PrintStream keeps what went wrong to itself until it is asked.
        if (console.out().checkError()) {
            console.err().println("diffuse: standard output cannot be written");
            code = code == ExitCode.OK ? ExitCode.PICTURE_FILE : code;
        }
        console.err().flush();
        return code;
    }

    /** The parser, with the types of options and the command that is named first; where none is, with all of them. */
    private static CommandLine commandLine(Diffuse diffuse, String[] args) {
        CommandLine line = new CommandLine(diffuse);
        // Reading the options of all of them would take longer than most of what is done before the native code.
        List<Class<?>> named = Arrays.stream(args)
                .filter(argument -> !argument.startsWith("-"))
                .limit(1)
                .flatMap(argument ->
                        COMMANDS.stream().filter(command -> name(command).equals(argument)))
                .filter(command -> command != CompletionCommand.class)
                .toList();
        (named.isEmpty() ? COMMANDS : named).forEach(line::addSubcommand);
        // Set here and not in the annotation, which the commands below inherit.
        line.getCommandSpec().usageMessage().footer(EXAMPLES).header(HEADER, "");
        // A prompt may begin with an @; it names no file of arguments.
        line.setExpandAtFiles(false);
        Converters.register(line, Path.class, Converters::path);
        Converters.register(line, SamplerChoice.class, SamplerChoice::of);
        Converters.register(line, NoiseSchedule.class, NoiseSchedule::of);
        Converters.register(line, SchedulerType.class, SchedulerType::of);
        Converters.register(line, WeightType.class, WeightType::of);
        Converters.register(line, PixelSize.class, PixelSize::parse);
        Converters.register(line, LoraArgument.class, LoraArgument::parse);
        Converters.register(line, EmbeddingArgument.class, EmbeddingArgument::parse);
        Converters.register(line, ModelArgument.class, ModelArgument::parse);
        Converters.register(line, DeviceChoice.class, DeviceChoice::parse);
        Converters.register(line, CacheArgument.class, CacheArgument::parse);
        HighResOptions.register(line);
        Converters.registerEnum(line, SeamlessAxes.class);
        Converters.registerEnum(line, ResizeMode.class);
        Converters.registerEnum(line, RandomSource.class);
        Converters.registerEnum(line, PredictionKind.class);
        Converters.registerEnum(line, LoraMode.class);
        Converters.registerEnum(line, PreviewMode.class);
        Converters.registerEnum(line, RuntimeLog.Level.class);
        Converters.registerEnum(line, ProgressDisplay.Style.class);
        line.setOut(new PrintWriter(diffuse.console.out(), true));
        line.setErr(new PrintWriter(diffuse.console.err(), true));
        line.setParameterExceptionHandler((failure, _) -> diffuse.errorReport().reportUsage(failure));
        line.setExecutionExceptionHandler(
                (failure, _, _) -> diffuse.errorReport().report(failure));
        return line;
    }

    private static String name(Class<?> command) {
        return command.getAnnotation(Command.class).name();
    }

    Console console() {
        return console;
    }

    Map<String, String> environment() {
        return environment;
    }

    GlobalOptions globals() {
        return globals;
    }

    /** Shows progress in that style, or none where the user wants quiet. */
    ProgressDisplay openDisplay(ProgressDisplay.Style style) {
        return ProgressDisplay.of(wanted(style), console.terminal(), console.err());
    }

    /** Finds models by name, and shows downloads in that style; Ctrl-C gives them up. */
    ModelFinder modelFinder(ProgressDisplay.Style style) {
        return modelFinder(style, this::hub);
    }

    ModelFinder modelFinder(ProgressDisplay.Style style, Supplier<ModelHub> hub) {
        DownloadCancellation downloads = new DownloadCancellation();
        console.cancellation().begin();
        console.cancellation().watch(downloads::cancel);
        return new ModelFinder(
                hub, () -> DownloadDisplay.of(wanted(style), console.terminal(), console.err()), downloads, this::note);
    }

    /** The hub and its cache, where the environment says. */
    ModelHub hub() {
        return ModelHub.builder(environment).build();
    }

    /** Tells a person something in one line, but for those who want quiet. */
    void note(String line) {
        if (!globals.quiet) {
            console.err().println(line);
        }
    }

    private ProgressDisplay.Style wanted(ProgressDisplay.Style style) {
        return globals.quiet ? ProgressDisplay.Style.NONE : style;
    }

    private ErrorReport errorReport() {
        return new ErrorReport(console.err(), globals.debug);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

    /** The version without starting the native library. */
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {"diffuse " + NativeRuntime.version()};
        }
    }
}
