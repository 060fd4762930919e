package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.ConversionReport;
import dev.diffusion4j.Generation;
import dev.diffusion4j.ModelConverter;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.cli.progress.ConversionDisplay;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import dev.diffusion4j.hub.ModelPart;
import dev.diffusion4j.request.WeightType;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse convert}: a model in another format, or with weights of another type. */
@Command(
        name = "convert",
        header = {"Write a model as GGUF or safetensors, and its weights in another type.", ""},
        description = {
            "Biases, norms and embeddings keep their types, and so does what does not divide into a type's blocks. The file is"
                    + " written whole or not at all; a few megabytes of the model are in memory at a time.",
            ""
        },
        footer = {
            "",
            "  diffuse convert model.safetensors model.gguf --type q8_0",
            "  diffuse convert model.gguf model.safetensors --type f16"
        })
final class ConvertCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Parameters(
            index = "0",
            paramLabel = "IN",
            description =
                    "A safetensors, GGUF or checkpoint file, the first or the index of several, or a name, of which the"
                            + " file is downloaded first.")
    private Path input;

    @Parameters(index = "1", paramLabel = "OUT", description = "The new file: .gguf or .safetensors.")
    private Path output;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "The type of the weights: ${COMPLETION-CANDIDATES}; without it they keep theirs.")
    private WeightType weightType;

    @Option(
            names = {"--type-rules", "--tensor-type-rules"},
            paramLabel = "REGEX=TYPE,...",
            description = "Types for single tensors; the first rule that matches applies.")
    private String weightTypeRules;

    @Option(names = "--vae", paramLabel = "FILE|NAME", description = "A VAE in place of the model's.")
    private Path vae;

    @Option(names = "--force", description = "Replace OUT if it is there.")
    private boolean force;

    @Option(names = "--json", description = "Tell of the result as one JSON object on standard output.")
    private boolean json;

    @Override
    public Integer call() {
        ModelFinder finder = diffuse.modelFinder(ProgressDisplay.Style.AUTO);
        ModelConverter converter = ModelConverter.of(finder.findMain(input));
        if (weightType != null) {
            converter.weightType(weightType);
        }
        if (weightTypeRules != null) {
            converter.weightTypeRules(weightTypeRules);
        }
        if (vae != null) {
            converter.vae(finder.find(vae, ModelPart.VAE));
        }
        if (force) {
            converter.overwrite();
        }
        print(convert(converter));
        return ExitCode.OK;
    }

    private ConversionReport convert(ModelConverter converter) {
        Console console = diffuse.console();
        try (RuntimeLog log = diffuse.globals().openLog(console.err()::println);
                ConversionDisplay display =
                        ConversionDisplay.of(diffuse.globals().quiet, console.terminal(), console.err())) {
            Generation<ConversionReport> conversion =
                    converter.onProgress(display::show).start(output);
            console.cancellation().watch(conversion::cancel);
            ConversionReport report = conversion.await();
            log.succeeded();
            return report;
        }
    }

    private void print(ConversionReport report) {
        Console console = diffuse.console();
        report.warnings().forEach(warning -> console.err().println("warning: " + warning));
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("file", report.output().toString())
                    .put("bytes", report.bytes())
                    .put("tensors", report.tensors())
                    .put("converted", report.converted())
                    .put("kept", report.kept())
                    .put("leftOut", report.leftOut());
            ArrayNode warnings = node.putArray("warnings");
            report.warnings().forEach(warnings::add);
            console.printJson(node);
        } else {
            console.out()
                    .println(report.output() + " (" + Quantity.bytes(report.bytes()) + ", " + report.converted()
                            + " of " + report.tensors() + " tensors converted)");
        }
    }
}
