package dev.diffusion4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.options.LoadingOptions;
import dev.diffusion4j.cli.options.ModelArgument;
import dev.diffusion4j.cli.options.ModelFileOptions;
import dev.diffusion4j.cli.options.ModelFiles;
import dev.diffusion4j.cli.options.ModelOptions;
import dev.diffusion4j.cli.options.PictureOptions;
import dev.diffusion4j.cli.options.SamplingOptions;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.ModelPart;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.server.DiffusionServer;
import dev.diffusion4j.server.DiffusionServerBuilder;
import dev.diffusion4j.server.FinishedRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse serve}: models behind HTTP. */
@Command(
        name = "serve",
        header = {"Serve models over HTTP, with a page, until Ctrl-C.", ""},
        footer = {
            "",
            "Clients of OpenAI's Images API use http://HOST:PORT/v1, those of AUTOMATIC1111's web UI http://HOST:PORT.",
            "The key is better given by the environment variable DIFFUSION4J_API_KEY: other users see command lines.",
            "",
            "  diffuse serve -m sd=model.safetensors",
            "  curl 127.0.0.1:7860/v1/images/generations -d '{\"prompt\": \"a red circle\"}'"
        })
final class ServeCommand implements Callable<Integer> {

    private static final String KEY_VARIABLE = "DIFFUSION4J_API_KEY";

    /** Where a name brings one side of a picture alone. */
    private static final int USUAL_SIDE = 512;

    private static final double GIB = 1L << 30;

    private static final long MIB = 1L << 20;

    /** Kept, or its level would be forgotten. */
    private static final Logger HTTP_LOG = Logger.getLogger("org.eclipse.jetty");

    @ParentCommand
    private Diffuse diffuse;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "[NAME=]FILE|HUB_NAME",
            description =
                    "A model, by its file's name unless one is given; may be given more than once. In place of the file a"
                            + " name of the hub, as 'generate' takes it. Clients that name no model get the first. The"
                            + " built-in demo model without it.")
    private List<ModelArgument> models = List.of();

    @Option(names = "--host", paramLabel = "ADDRESS", description = "The address to listen on (127.0.0.1).")
    private String host;

    @Option(names = "--port", paramLabel = "N", description = "The port to listen on (7860); 0 for any that is free.")
    private Integer port;

    @Option(names = "--api-key", paramLabel = "KEY", description = "A key that clients must send.")
    private String apiKey;

    @Option(
            names = "--insecure",
            description =
                    "Let --host be an address that other machines reach, without a key. All of them can use it then.")
    private boolean insecure;

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description =
                    "A site whose pages may use the server, such as https://example.org; may be given more than once.")
    private List<String> allowedOrigins = List.of();

    @Option(names = "--queue", paramLabel = "N", description = "How many requests may wait (64).")
    private Integer queue;

    @Option(
            names = "--memory-budget",
            paramLabel = "GIB",
            description = "How much memory open models may take, by the size of their files (3/4 of the machine's).")
    private Double memoryBudget;

    @Option(
            names = "--keep",
            paramLabel = "MINUTES",
            description = "How long finished jobs are kept for clients to fetch their pictures (10).")
    private Integer keep;

    @Option(names = "--max-upload", paramLabel = "MIB", description = "The largest request (64).")
    private Integer maxUpload;

    @Option(names = "--max-pixels", paramLabel = "N", description = "The largest picture to draw (4194304).")
    private Long maxPixels;

    @Option(names = "--max-steps", paramLabel = "N", description = "The most denoising steps (200).")
    private Integer maxSteps;

    @Option(names = "--max-batch", paramLabel = "N", description = "The most pictures of one request (16).")
    private Integer maxBatch;

    @Option(
            names = "--in-process",
            description =
                    "Run models in this process, which ends when native code crashes; without it each has its own.")
    private boolean inProcess;

    @Option(names = "--json", description = "Say where it listens as one line of JSON.")
    private boolean json;

    @ArgGroup(validate = false, order = 1, heading = "%nFiles of the first model:%n")
    private ModelFileOptions files = new ModelFileOptions();

    @ArgGroup(validate = false, order = 2, heading = "%nMemory and speed of all models:%n")
    private LoadingOptions loading = new LoadingOptions();

    @Override
    public Integer call() throws InterruptedException {
        Console console = diffuse.console();
        if (inProcess && loading.isolated()) {
            throw new InvalidRequestException("--in-process", "given", "absent with --isolated");
        }
        HTTP_LOG.setLevel(Level.WARNING);
        console.cancellation().begin();
        List<String> names = new ArrayList<>();
        try (RuntimeLog _ = diffuse.globals().openWholeLog(console.err()::println);
                DiffusionServer server = builder(names).start()) {
            console.cancellation().watch(server::close);
            tell(server, names);
            server.await();
        }
        return ExitCode.OK;
    }

    private DiffusionServerBuilder builder(List<String> names) {
        DiffusionServerBuilder server = DiffusionServer.builder().openAtStart();
        addModels(server, names);
        if (host != null) {
            server.host(host);
        }
        if (port != null) {
            server.port(port);
        }
        String key = apiKey == null ? diffuse.environment().get(KEY_VARIABLE) : apiKey;
        if (key != null) {
            server.apiKey(key);
        }
        if (insecure) {
            server.withoutKey();
        }
        allowedOrigins.forEach(server::allowOrigin);
        if (inProcess) {
            server.inProcess();
        }
        files.loraFolder().ifPresent(server::loraFolder);
        loading.vaeTiling().ifPresent(server::vaeTiling);
        if (!diffuse.globals().quiet) {
            server.onRequest(request -> diffuse.console().err().println(line(request)));
        }
        setLimits(server);
        return server;
    }

    private void setLimits(DiffusionServerBuilder server) {
        if (queue != null) {
            server.queueCapacity(queue);
        }
        if (memoryBudget != null) {
            if (!(memoryBudget >= 0)) {
                throw new InvalidRequestException("--memory-budget", memoryBudget, "0 or more");
            }
            server.memoryBudget((long) (memoryBudget * GIB));
        }
        if (keep != null) {
            server.keep(Duration.ofMinutes(keep));
        }
        if (maxUpload != null) {
            server.maxUpload(maxUpload * MIB);
        }
        if (maxPixels != null) {
            server.maxPixels(maxPixels);
        }
        if (maxSteps != null) {
            server.maxSteps(maxSteps);
        }
        if (maxBatch != null) {
            server.maxBatch(maxBatch);
        }
    }

    private void addModels(DiffusionServerBuilder server, List<String> names) {
        ModelFinder finder = diffuse.modelFinder(ProgressDisplay.Style.AUTO);
        if (models.isEmpty()) {
            Optional<Path> diffusionModel = files.diffusionModel();
            String name = diffusionModel.map(ModelArgument::nameOf).orElse("demo");
            Optional<Path> model =
                    diffusionModel.isPresent() ? Optional.empty() : Optional.of(ModelOptions.demoModel());
            add(server, name, files, files.find(finder, model));
            names.add(name);
        }
        for (ModelArgument model : models) {
            ModelFileOptions its = names.isEmpty() ? files : new ModelFileOptions();
            add(server, model.name(), its, its.find(finder, Optional.of(model.file())));
            names.add(model.name());
        }
    }

    private void add(DiffusionServerBuilder server, String name, ModelFileOptions options, ModelFiles found) {
        ModelOpener opener = DiffusionModel.options();
        loading.applyTo(opener);
        options.applyTo(opener, found);
        Path model = found.parts().get(ModelPart.MODEL);
        if (model == null) {
            server.model(name, opener.toOptions());
        } else {
            server.model(name, model, opener.toOptions());
        }
        found.entry().ifPresent(entry -> server.defaults(name, defaults(entry)));
    }

    /** What requests get that a model's short name brings. */
    private ImageRequest defaults(CatalogEntry entry) {
        PictureOptions picture = new PictureOptions();
        SamplingOptions sampling = new SamplingOptions();
        List<String> taken = picture.fillSize(entry.defaults());
        taken.addAll(picture.fill(entry, false));
        taken.addAll(sampling.fill(entry.defaults()));
        if (!taken.isEmpty()) {
            diffuse.note("requests for " + entry.name() + " that say nothing else get " + String.join(" ", taken));
        }
        ImageRequest.Builder request =
                ImageRequest.textToImage("").sampling(sampling.nativeSampling(picture.sampler()));
        picture.applyTo(request, USUAL_SIDE, USUAL_SIDE);
        return request.build();
    }

    private void tell(DiffusionServer server, List<String> names) {
        Console console = diffuse.console();
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("uri", server.uri().toString()).put("port", server.port());
            ArrayNode list = node.putArray("models");
            names.forEach(list::add);
            try {
                console.out().println(new ObjectMapper().writeValueAsString(node));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a tree of plain values can always be written", e);
            }
        } else {
            console.out().println("serving " + String.join(", ", names) + " on " + server.uri());
            console.out().println("open that in a browser, or give " + server.uri() + "v1 to a client of OpenAI's");
        }
        console.out().flush();
    }

    private static String line(FinishedRequest request) {
        return String.format(
                Locale.ROOT,
                "%s %s %d %.2f s",
                request.method(),
                request.route(),
                request.status(),
                request.time().toMillis() / 1000.0);
    }
}
