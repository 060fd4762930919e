package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.cli.progress.DownloadDisplay;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.CatalogPart;
import dev.diffusion4j.hub.DownloadCancellation;
import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.hub.ModelPart;
import dev.diffusion4j.hub.ModelReference;
import dev.diffusion4j.hub.ResolvedModel;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse pull}: brings a model to this machine. */
@Command(
        name = "pull",
        header = {"Download a model by name, and print where its files are.", ""},
        description = {
            "What is on this machine already is only looked up. The files lie in the cache of Python's huggingface_hub; HF_TOKEN,"
                    + " HF_HOME, HF_HUB_OFFLINE and other variables mean what they mean there.",
            ""
        })
final class PullCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Parameters(
            paramLabel = "NAME",
            description = "hf:org/name[:quant][@revision][/file], or a short name: 'diffuse models names' lists them.")
    private String name;

    @Option(names = "--offline", description = "Send no request: find what is on this machine.")
    private boolean offline;

    @Option(names = "--json", description = "Write one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        Console console = diffuse.console();
        ModelHub.Builder builder = ModelHub.builder(diffuse.environment());
        if (offline) {
            builder.offline(true);
        }
        ModelHub hub = builder.build();
        if (!diffuse.globals().quiet && !ModelReference.isReference(name)) {
            introduce(hub.catalog().get(name), console.err());
        }
        ResolvedModel model;
        try (DownloadDisplay display = DownloadDisplay.of(diffuse.globals().quiet, console.terminal(), console.err())) {
            model = hub.resolve(name, display, new DownloadCancellation());
        }
        if (json) {
            console.printJson(toJson(model));
        } else if (model.parts().size() == 1) {
            console.out().println(model.path());
        } else {
            int width = model.parts().keySet().stream()
                    .mapToInt(part -> part.label().length())
                    .max()
                    .orElse(1);
            model.parts()
                    .forEach((part, file) -> console.out().printf("%-" + width + "s  %s%n", part.label(), file.path()));
        }
        return ExitCode.OK;
    }

    private static void introduce(CatalogEntry entry, PrintStream err) {
        String licences =
                entry.parts().stream().map(CatalogPart::licence).distinct().collect(Collectors.joining(", "));
        err.println(entry.title() + "; licence: " + licences);
    }

    private static ObjectNode toJson(ResolvedModel model) {
        ObjectNode node = new ObjectMapper().createObjectNode().put("name", model.name());
        ObjectNode parts = node.putObject("parts");
        for (ModelPart part : model.parts().keySet()) {
            ObjectNode file = parts.putObject(part.label());
            file.put("reference", model.parts().get(part).reference().toString())
                    .put("commit", model.parts().get(part).commit());
            model.parts()
                    .get(part)
                    .files()
                    .forEach(path -> file.withArray("files").add(path.toString()));
        }
        ModelDefaults known = model.defaults();
        ObjectNode defaults = node.putObject("defaults");
        known.width().ifPresent(value -> defaults.put("width", value));
        known.height().ifPresent(value -> defaults.put("height", value));
        known.steps().ifPresent(value -> defaults.put("steps", value));
        known.guidance().ifPresent(value -> defaults.put("guidance", value));
        known.sampler().ifPresent(value -> defaults.put("sampler", value));
        known.flowShift().ifPresent(value -> defaults.put("flowShift", value));
        return node;
    }
}
