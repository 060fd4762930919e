package dev.diffusion4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.Generation;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.UpscaledImage;
import dev.diffusion4j.Upscaler;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.picture.OutputFiles;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.request.UpscaleRequest;
import dev.diffusion4j.request.UpscalerOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse upscale}: a picture made larger by a model. */
@Command(
        name = "upscale",
        header = {"Make a picture larger by an upscaler model.", ""},
        description = {
            "Upscalers are ESRGAN's RRDBNet, 1, 2 or 4 times, such as RealESRGAN_x4plus. What the picture's file says of how it"
                    + " was made, the new one says, too.",
            ""
        },
        footer = {
            "",
            "  diffuse upscale circle.png -o large.png",
            "  diffuse upscale photo.jpg -o large.png -m RealESRGAN_x4plus.pth --tile-size 256"
        })
final class UpscaleCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Parameters(
            paramLabel = "IMAGE",
            description = "The picture: PNG, JPEG, WebP, GIF, BMP or TIFF. What is transparent becomes white.")
    private Path imageFile;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "The new picture's file: .png, .jpg or .jpeg.")
    private Path output;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE|NAME",
            description = "The upscaler's file, or a name, of which the file is downloaded first; without it the demo"
                    + " upscaler, which knows shapes alone.")
    private Path model;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many times to enlarge, one time after another, 1 to 8 (1).")
    private int repeat;

    @Option(
            names = "--tile-size",
            paramLabel = "PIXELS",
            defaultValue = "128",
            description =
                    "How much of the picture is enlarged at once, 16 to 4096 (128): larger tiles take more memory.")
    private int tileSize;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads of the CPU; without it one per core.")
    private Integer threads;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto (the default: a GPU, else the CPU), cpu, gpu, gpu:N, a device's name or rpc:HOST:PORT.")
    private DeviceChoice device;

    @Option(
            names = "--isolated",
            description =
                    "Run the upscaler in a process of its own, so that a crash in native code is an error message.")
    private boolean isolated;

    @Option(
            names = "--progress",
            paramLabel = "STYLE",
            description = "auto (the default: a bar on a terminal, lines elsewhere), bar, plain or none.")
    private ProgressDisplay.Style progress = ProgressDisplay.Style.AUTO;

    @Option(names = "--json", description = "Tell of the result as one JSON object on standard output.")
    private boolean json;

    @Override
    public Integer call() {
        Console console = diffuse.console();
        Cancellation cancellation = console.cancellation();
        cancellation.begin();
        OutputFiles.requireWritable(output);
        UpscalerOptions options = options();
        UpscaleRequest request = request();
        Path file = file(diffuse.modelFinder(progress));
        UpscaledImage image;
        try (ProgressDisplay display = diffuse.openDisplay(progress);
                RuntimeLog log = diffuse.globals().openLog(display::println)) {
            display.activity("loading " + file.getFileName());
            try (Upscaler upscaler = Upscaler.open(file, options)) {
                cancellation.check();
                Generation<UpscaledImage> generation = upscaler.start(
                        request,
                        GenerationListener.NONE
                                .onProgress(display::show)
                                .onWarning(text -> display.println("warning: " + text)));
                cancellation.watch(generation::cancel);
                image = generation.await();
                image.save(output);
            }
            log.succeeded();
        }
        print(image);
        return ExitCode.OK;
    }

    private UpscalerOptions options() {
        UpscalerOptions options = UpscalerOptions.DEFAULT.withDevice(device);
        if (threads != null) {
            options = options.withThreads(threads);
        }
        return isolated ? options.withIsolation(IsolatedOptions.DEFAULT) : options;
    }

    private UpscaleRequest request() {
        UpscaleRequest request = UpscaleRequest.of(Picture.of(ImageFiles.read(imageFile)))
                .withRepeat(repeat)
                .withTileSize(tileSize);
        return ImageFiles.parameters(imageFile).map(request::withParameters).orElse(request);
    }

    private Path file(ModelFinder finder) {
        if (model != null) {
            return finder.findMain(model);
        }
        diffuse.note("no -m: the demo upscaler, for pictures of the demo model");
        return DemoModel.upscaler();
    }

    private void print(UpscaledImage image) {
        if (!json) {
            diffuse.console().out().println(output);
            return;
        }
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        node.putArray("files").add(output.toString());
        node.put("width", image.width()).put("height", image.height());
        node.put("upscaler", image.upscaler()).put("factor", image.factor());
        ArrayNode warnings = node.putArray("warnings");
        image.warnings().forEach(warnings::add);
        try {
            node.set("parameters", mapper.readTree(image.parametersJson()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the library writes JSON that can be read", e);
        }
        diffuse.console().printJson(node);
    }
}
