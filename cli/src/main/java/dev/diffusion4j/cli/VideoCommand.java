package dev.diffusion4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedVideo;
import dev.diffusion4j.Generation;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.options.LoraArgument;
import dev.diffusion4j.cli.options.ModelFiles;
import dev.diffusion4j.cli.options.ModelOptions;
import dev.diffusion4j.cli.options.PreviewOptions;
import dev.diffusion4j.cli.options.SamplingOptions;
import dev.diffusion4j.cli.options.VideoOptions;
import dev.diffusion4j.cli.picture.VideoFiles;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tokenizer.LoraTags;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse video}: draws a video, with models that make some. */
@Command(
        name = "video",
        header = {"Draw a video from a prompt, with a video model: Wan or LTX.", ""},
        abbreviateSynopsis = true)
final class VideoCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Parameters(paramLabel = "PROMPT", description = "What to draw; - reads it from standard input.")
    private String prompt;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE|FOLDER/",
            description =
                    "The video's file: .mp4, .gif or .apng; or a folder, for the frames as PNG files. Without it: the"
                            + " prompt's words and the seed, as .mp4. What is heard is a WAV file beside it.")
    private String output;

    @Option(names = "--json", description = "Tell of the result as one JSON object on standard output.")
    private boolean json;

    @Mixin
    private ModelOptions model;

    @Mixin
    private VideoOptions video;

    @Option(
            names = "--progress",
            paramLabel = "STYLE",
            description = "auto (the default: a bar on a terminal, lines elsewhere), bar, plain or none.")
    private ProgressDisplay.Style progress = ProgressDisplay.Style.AUTO;

    @ArgGroup(validate = false, heading = "%nSampling:%n")
    private SamplingOptions sampling = new SamplingOptions();

    @ArgGroup(validate = false, heading = "%nPreview, of the first frame:%n")
    private PreviewOptions preview = new PreviewOptions();

    @Override
    public Integer call() {
        Console console = diffuse.console();
        Cancellation cancellation = console.cancellation();
        cancellation.begin();
        String text = PromptArgument.resolve("PROMPT", prompt, console.in());
        LoraTags.parse(text);
        VideoFiles places = VideoFiles.plan(Optional.ofNullable(output), text);
        preview.check();
        VideoRequest.Builder request = VideoRequest.textToVideo(text);
        video.applyTo(request);
        ModelFinder finder = diffuse.modelFinder(progress);
        ModelFiles files = model.find(finder);
        List<LoraArgument> loras = sampling.findLoras(finder);
        sampling.applyTo(request, loras);
        request.sampling(sampling.nativeSampling(video.sampler()));
        model.loading().vaeTiling().ifPresent(request::vaeTiling);

        GeneratedVideo drawn;
        List<Path> saved;
        try (ProgressDisplay display = diffuse.openDisplay(progress);
                RuntimeLog log = diffuse.globals().openLog(display::println)) {
            display.activity("loading " + model.title());
            try (DiffusionModel opened = model.open(files)) {
                cancellation.check();
                GenerationListener listener = preview.applyTo(GenerationListener.NONE)
                        .onProgress(display::show)
                        .onWarning(warning -> display.println("warning: " + warning));
                Generation<GeneratedVideo> generation = opened.start(request.build(), listener);
                cancellation.watch(generation::cancel);
                drawn = generation.await();
            }
            saved = places.save(drawn);
            log.succeeded();
        }
        report(console, drawn, saved);
        return ExitCode.OK;
    }

    private void report(Console console, GeneratedVideo drawn, List<Path> saved) {
        if (json) {
            console.printJson(toJson(drawn, saved));
        } else {
            saved.forEach(console.out()::println);
        }
    }

    private static ObjectNode toJson(GeneratedVideo drawn, List<Path> saved) {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        ArrayNode files = node.putArray("files");
        saved.forEach(file -> files.add(file.toString()));
        node.put("seed", drawn.seed()).put("width", drawn.width()).put("height", drawn.height());
        node.put("frames", drawn.frameCount()).put("framesPerSecond", drawn.framesPerSecond());
        ArrayNode warnings = node.putArray("warnings");
        drawn.warnings().forEach(warnings::add);
        try {
            node.set("parameters", mapper.readTree(drawn.parametersJson()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the library writes JSON that can be read", e);
        }
        return node;
    }
}
