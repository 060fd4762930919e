package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.ModelCatalog;
import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.hub.ModelPart;
import dev.diffusion4j.hub.ResolvedModel;
import java.util.Iterator;
import java.util.concurrent.Callable;
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
            completionCandidates = ShortNames.class,
            description = "hf:org/name[:quant][@revision][/file], or a short name: 'diffuse models names' lists them.")
    private String name;

    @Option(names = "--offline", description = "Send no request: find what is on this machine.")
    private boolean offline;

    @Option(names = "--json", description = "Write one JSON object.")
    private boolean json;

    /** What a shell completes. */
    static final class ShortNames implements Iterable<String> {

        @Override
        public Iterator<String> iterator() {
            return ModelCatalog.builtIn().entries().stream()
                    .map(CatalogEntry::name)
                    .iterator();
        }
    }

    @Override
    public Integer call() {
        ModelHub.Builder builder = ModelHub.builder(diffuse.environment());
        if (offline) {
            builder.offline(true);
        }
        ResolvedModel model =
                diffuse.modelFinder(ProgressDisplay.Style.AUTO, builder::build).resolve(name);
        Console console = diffuse.console();
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
