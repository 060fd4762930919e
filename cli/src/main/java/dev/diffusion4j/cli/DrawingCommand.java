package dev.diffusion4j.cli;

import dev.diffusion4j.GenerationRequest;
import dev.diffusion4j.InvalidRequestException;
import dev.diffusion4j.ModelFileException;
import dev.diffusion4j.StableDiffusion;
import dev.diffusion4j.StableDiffusionOptions;
import dev.diffusion4j.cli.options.HighResOptions;
import dev.diffusion4j.cli.options.LoadingOptions;
import dev.diffusion4j.cli.options.ModelFileOptions;
import dev.diffusion4j.cli.options.OutputOptions;
import dev.diffusion4j.cli.options.PictureOptions;
import dev.diffusion4j.cli.options.PixelSize;
import dev.diffusion4j.cli.options.PreviewOptions;
import dev.diffusion4j.cli.options.ReferenceOptions;
import dev.diffusion4j.cli.options.SamplingOptions;
import dev.diffusion4j.cli.picture.OutputFiles;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.demo.DemoModel;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What drawing from a prompt and redrawing a picture have in common: all but the request's beginning. */
abstract class DrawingCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Mixin
    private OutputOptions output;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "The model, as safetensors, GGUF or checkpoint; the built-in demo model without it.")
    private Path model;

    @Mixin
    private PictureOptions picture;

    @Option(
            names = "--progress",
            paramLabel = "STYLE",
            description = "auto (the default: a bar on a terminal, lines elsewhere), bar, plain or none.")
    private ProgressDisplay.Style progress = ProgressDisplay.Style.AUTO;

    @ArgGroup(validate = false, heading = "%nSampling:%n")
    private SamplingOptions sampling = new SamplingOptions();

    @ArgGroup(validate = false, heading = "%nA second, larger pass:%n")
    private HighResOptions highRes = new HighResOptions();

    @ArgGroup(validate = false, heading = "%nPreview:%n")
    private PreviewOptions preview = new PreviewOptions();

    @ArgGroup(validate = false, heading = "%nReference pictures:%n")
    private ReferenceOptions references = new ReferenceOptions();

    @ArgGroup(validate = false, heading = "%nModel files:%n")
    private ModelFileOptions files = new ModelFileOptions();

    @ArgGroup(validate = false, heading = "%nMemory and speed:%n")
    private LoadingOptions loading = new LoadingOptions();

    /** The prompt as typed. */
    abstract String promptArgument();

    /** Reads the pictures that the command works on, before anything slow begins. */
    abstract void readPictures();

    /** Begins the request. */
    abstract GenerationRequest<?> request(StableDiffusion sd, String prompt);

    /** The size that a side has which was not given. */
    abstract PixelSize usualSize(StableDiffusion sd);

    @Override
    public Integer call() {
        Console console = diffuse.console();
        Cancellation cancellation = console.cancellation();
        cancellation.begin();
        String prompt = PromptArgument.resolve(promptArgument(), console.in());
        OutputFiles outputFiles = output.files(prompt, picture.batchCount());
        preview.check();
        readPictures();
        references.read();

        Drawing drawing;
        try (ProgressDisplay display = display(console);
                RuntimeLog log = diffuse.globals().openLog(display::println)) {
            display.activity(
                    "loading " + (model == null && !files.hasDiffusionModel() ? "the demo model" : "the model"));
            drawing = new Drawing(display, cancellation);
            try (StableDiffusion sd = open()) {
                GenerationRequest<?> request = request(sd, prompt);
                PixelSize usual = usualSize(sd);
                if (!picture.givesSize()) {
                    requireMultiple(usual, sd.sizeMultiple());
                }
                picture.applyTo(request, usual.width(), usual.height());
                sampling.applyTo(request);
                highRes.applyTo(request);
                references.applyTo(request);
                preview.applyTo(request);
                loading.applyTo(request);
                drawing.run(request, outputFiles);
            }
            log.succeeded();
        }
        report(console, drawing);
        return ExitCode.OK;
    }

    private ProgressDisplay display(Console console) {
        ProgressDisplay.Style style = diffuse.globals().quiet ? ProgressDisplay.Style.NONE : progress;
        return ProgressDisplay.of(style, console.terminal(), console.err());
    }

    private StableDiffusion open() {
        StableDiffusionOptions options = StableDiffusion.options();
        files.applyTo(options);
        loading.applyTo(options);
        if (model != null) {
            return options.open(model);
        }
        return files.hasDiffusionModel() ? options.open() : options.open(demoModel());
    }

    private static Path demoModel() {
        try {
            return DemoModel.path();
        } catch (UncheckedIOException e) {
            throw new ModelFileException(e.getMessage(), e);
        }
    }

    /** The API would name a width that nobody typed. */
    private static void requireMultiple(PixelSize size, int multiple) {
        PixelSize near = new PixelSize(nearest(size.width(), multiple), nearest(size.height(), multiple));
        if (!near.equals(size)) {
            throw new InvalidRequestException(
                    "the input picture's size",
                    size,
                    "a multiple of " + multiple + " pixels for this model (--size " + near + " scales it)");
        }
    }

    private static int nearest(int pixels, int multiple) {
        return Math.max(1, Math.round((float) pixels / multiple)) * multiple;
    }

    private void report(Console console, Drawing drawing) {
        if (output.json()) {
            console.printJson(drawing.toJson());
        } else {
            drawing.files().forEach(console.out()::println);
        }
    }
}
