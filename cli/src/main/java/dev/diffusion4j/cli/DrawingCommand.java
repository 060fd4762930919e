package dev.diffusion4j.cli;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.options.ControlOptions;
import dev.diffusion4j.cli.options.HighResOptions;
import dev.diffusion4j.cli.options.IdentityOptions;
import dev.diffusion4j.cli.options.LoraArgument;
import dev.diffusion4j.cli.options.ModelFiles;
import dev.diffusion4j.cli.options.ModelOptions;
import dev.diffusion4j.cli.options.OutputOptions;
import dev.diffusion4j.cli.options.PictureOptions;
import dev.diffusion4j.cli.options.PixelSize;
import dev.diffusion4j.cli.options.PreviewOptions;
import dev.diffusion4j.cli.options.ReferenceOptions;
import dev.diffusion4j.cli.options.SamplingOptions;
import dev.diffusion4j.cli.picture.OutputFiles;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.Sampling;
import dev.diffusion4j.scheduler.SchedulerType;
import dev.diffusion4j.tokenizer.LoraTags;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    @Mixin
    private ModelOptions model;

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

    @ArgGroup(validate = false, heading = "%nControl pictures:%n")
    private ControlOptions controls = new ControlOptions();

    @ArgGroup(validate = false, heading = "%nA person to draw, with --photo-maker:%n")
    private IdentityOptions identity = new IdentityOptions();

    /** The prompt as typed. */
    abstract String promptArgument();

    /** Reads the pictures that the command works on, before anything slow begins. */
    abstract void readPictures();

    /** Begins the request. */
    abstract ImageRequest.Builder begin(String prompt);

    /** Whether the request has a size of its own, which counts more than the one that suits the model. */
    abstract boolean hasOwnSize();

    /** The size that a side has which was not given. */
    abstract PixelSize usualSize(DiffusionModel opened);

    @Override
    public Integer call() {
        Console console = diffuse.console();
        Cancellation cancellation = console.cancellation();
        cancellation.begin();
        String prompt = PromptArgument.resolve("PROMPT", promptArgument(), console.in());
        LoraTags.parse(prompt);
        OutputFiles outputFiles = output.files(prompt, picture.batchCount());
        preview.check();
        readPictures();
        references.read();
        controls.read();
        identity.read();
        ModelFinder finder = diffuse.modelFinder(progress);
        ModelFiles files = model.find(finder);
        Optional<Path> photoMaker = identity.findPhotoMaker(finder);
        List<LoraArgument> loras = sampling.findLoras(finder);
        Map<String, Path> controlNets = controls.find(finder, model.isDemo());
        files.entry().ifPresent(this::fill);

        Drawing drawing;
        try (ProgressDisplay display = diffuse.openDisplay(progress);
                RuntimeLog log = diffuse.globals().openLog(display::println)) {
            display.activity("loading " + model.title());
            drawing = new Drawing(display, cancellation);
            try (DiffusionModel opened = model.open(files, controlNets, photoMaker)) {
                ImageRequest.Builder request = request(opened, prompt, loras);
                controls.applyTo(request, List.copyOf(controlNets.keySet()));
                drawing.run(opened, request.build(), preview.applyTo(GenerationListener.NONE), outputFiles);
            }
            log.succeeded();
        }
        report(console, drawing);
        return ExitCode.OK;
    }

    /** Has the options take what the model's name brings. */
    private void fill(CatalogEntry entry) {
        List<String> taken = new ArrayList<>();
        if (!hasOwnSize()) {
            taken.addAll(picture.fillSize(entry.defaults()));
        }
        taken.addAll(picture.fill(entry, sampling.givesSteps()));
        if (picture.scheduler().isEmpty()) {
            taken.addAll(sampling.fill(entry.defaults()));
        }
        if (!taken.isEmpty()) {
            diffuse.note(entry.name() + " brings " + String.join(" ", taken));
        }
    }

    private ImageRequest.Builder request(DiffusionModel opened, String prompt, List<LoraArgument> loras) {
        ImageRequest.Builder request = begin(prompt);
        PixelSize usual = usualSize(opened);
        if (!picture.givesSize()) {
            requireMultiple(usual, opened.sizeMultiple());
        }
        picture.applyTo(request, usual.width(), usual.height());
        request.sampling(sampling(opened));
        sampling.applyTo(request, loras);
        references.applyTo(request);
        identity.applyTo(request);
        model.loading().vaeTiling().ifPresent(request::vaeTiling);
        return request;
    }

    private Sampling sampling(DiffusionModel opened) {
        NativeSampling own = highRes.applyTo(sampling.nativeSampling(picture.sampler()));
        Optional<SchedulerType> scheduler = picture.scheduler();
        if (scheduler.isEmpty()) {
            return own;
        }
        SamplingOptions.requireNone(own);
        return Sampling.with(scheduler.get().create(opened.denoiser().predictionType()));
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
