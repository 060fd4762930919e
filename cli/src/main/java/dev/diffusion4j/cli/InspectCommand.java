package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.image.ImageFiles;
import dev.diffusion4j.modelfile.DiffusersFolder;
import dev.diffusion4j.modelfile.LatentFormat;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.modelfile.TensorInfo;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse inspect}: what a model file holds, read from its header. */
@Command(
        name = "inspect",
        header = {"Show what a model file holds, or how a picture was made.", ""},
        description = "Reads the header alone, so that files of any size take no time; nothing in the file is run.")
final class InspectCommand implements Callable<Integer> {

    private static final int SHOWN_METADATA = 100;

    private static final Map<ModelComponent, String> OPTIONS = Map.of(
            ModelComponent.CLIP_L,
            "--clip-l",
            ModelComponent.CLIP_G,
            "--clip-g",
            ModelComponent.T5,
            "--t5xxl",
            ModelComponent.LLM,
            "--llm",
            ModelComponent.VAE,
            "--vae");

    @ParentCommand
    private Diffuse diffuse;

    @Parameters(
            paramLabel = "FILE|NAME",
            description =
                    "A safetensors, GGUF or checkpoint file, the first or the index of several, a folder of diffusers, or a name, of which the file is downloaded first:"
                            + " hf:org/name[:quant][@revision][/file] or a short one ('diffuse models names')."
                            + " Of a picture (.png, .jpg or .jpeg): the texts in it, among them its parameters.")
    private Path file;

    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = "Which files of a folder of diffusers, such as fp16.")
    private String variant;

    @Option(names = "--tensors", description = "List the tensors.")
    private boolean tensors;

    @Option(names = "--json", description = "Write one JSON object, with whole metadata.")
    private boolean json;

    @Override
    public Integer call() {
        if (ImageFiles.isSupported(file)) {
            inspectPicture();
            return ExitCode.OK;
        }
        Path found = diffuse.modelFinder(ProgressDisplay.Style.AUTO).findMain(file);
        if (DiffusersFolder.isAt(found)) {
            inspect(DiffusersFolder.read(found, Optional.ofNullable(variant)));
        } else {
            inspect(ModelFile.read(found));
        }
        return ExitCode.OK;
    }

    private void inspectPicture() {
        Map<String, String> texts = ImageFiles.texts(file);
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode().put("file", file.toString());
            ObjectNode entries = node.putObject("texts");
            texts.forEach(entries::put);
            diffuse.console().printJson(node);
            return;
        }
        PrintStream out = diffuse.console().out();
        out.println(file + (texts.isEmpty() ? ", a picture without texts" : ""));
        texts.forEach((key, text) -> {
            out.println();
            out.println(TerminalText.printable(key));
            text.lines().forEach(line -> out.println("  " + TerminalText.printable(line)));
        });
    }

    private void inspect(ModelFile model) {
        if (json) {
            diffuse.console().printJson(toJson(model));
        } else {
            print(model, diffuse.console().out());
        }
    }

    private void inspect(DiffusersFolder folder) {
        if (json) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("folder", folder.path().toString());
            ArrayNode missing = node.putArray("missing");
            missing(folder).forEach(component -> missing.add(component.displayName()));
            node.put("weightMemory", weightMemory(folder));
            ObjectNode parts = node.putObject("parts");
            folder.components()
                    .forEach((component, part) -> parts.set(component.toString(), toJson(ModelFile.read(part))));
            diffuse.console().printJson(node);
            return;
        }
        PrintStream out = diffuse.console().out();
        out.println(folder.path() + ", a folder of diffusers (use -m)");
        Set<ModelComponent> missing = missing(folder);
        if (!missing.isEmpty()) {
            line(out, "needs", names(missing));
        }
        line(out, "draw with", command(folder, missing));
        line(out, "memory", Quantity.bytes(weightMemory(folder)) + " for the weights");
        folder.components().forEach((component, part) -> {
            out.println();
            out.print(component.displayName() + ": ");
            print(ModelFile.read(part), out);
        });
    }

    /** What the denoiser is drawn with and is not in the folder. */
    private static Set<ModelComponent> missing(DiffusersFolder folder) {
        Set<ModelComponent> missing = EnumSet.noneOf(ModelComponent.class);
        missing.addAll(ModelFile.read(folder.denoiser()).missingComponents());
        missing.removeAll(folder.components().keySet());
        if (folder.components().containsKey(ModelComponent.TINY_AUTOENCODER)) {
            missing.remove(ModelComponent.VAE);
        }
        return missing;
    }

    private static long weightMemory(DiffusersFolder folder) {
        return folder.components().values().stream()
                .mapToLong(part -> ModelFile.read(part).weightMemory())
                .sum();
    }

    private static String names(Set<ModelComponent> components) {
        return components.stream().map(ModelComponent::displayName).collect(Collectors.joining(", "));
    }

    private void print(ModelFile model, PrintStream out) {
        out.println(model.path());
        int files = model.files().size();
        line(
                out,
                "format",
                model.format().displayName() + ", " + Quantity.bytes(model.size())
                        + (files == 1 ? "" : " in " + files + " files"));
        line(
                out,
                "family",
                model.family().displayName() + (model.isBareDiffusionModel() ? ", the diffusion model alone" : ""));
        if (model.family() == ModelFamily.TINY_AUTOENCODER) {
            line(
                    out,
                    "latents",
                    model.latentFormat().map(InspectCommand::latents).orElse("of nothing that is known"));
        }
        model.upscalerNetwork().ifPresent(network -> {
            line(out, "network", network.toString());
            network.obstacle()
                    .ifPresentOrElse(
                            obstacle -> line(out, "unusable", "it " + obstacle),
                            () -> line(out, "use with", upscaleCommand(model)));
        });
        Set<ModelComponent> held = model.heldComponents();
        if (!held.isEmpty()) {
            line(out, "holds", names(held));
        }
        Set<ModelComponent> missing = model.missingComponents();
        if (!missing.isEmpty()) {
            line(out, "needs", names(missing));
        }
        if (!model.family().tasks().isEmpty()) {
            line(
                    out,
                    "makes",
                    model.family().tasks().stream().map(Task::toString).collect(Collectors.joining(", ")));
            line(out, "draw with", command(model, missing));
        }
        if (model.family().isPhotoMaker()) {
            line(out, "draw with", photoMakerCommand(model));
        }
        model.nativeSize().ifPresent(size -> line(out, "draws", size.width() + "x" + size.height()));
        line(
                out,
                "parameters",
                String.format(
                        Locale.ROOT,
                        "%s (%,d) in %,d tensors",
                        Quantity.count(model.parameterCount()),
                        model.parameterCount(),
                        model.tensors().size()));
        line(out, "memory", Quantity.bytes(model.weightMemory()) + " for the weights");
        model.types()
                .forEach((type, summary) -> line(
                        out,
                        type.displayName(),
                        String.format(
                                Locale.ROOT, "%s in %,d tensors", Quantity.bytes(summary.bytes()), summary.tensors())));
        if (!model.metadata().isEmpty()) {
            out.println();
            out.println("metadata");
            model.metadata()
                    .forEach(
                            (key, value) -> out.println("  " + TerminalText.printable(key) + " = " + shortened(value)));
        }
        if (tensors) {
            out.println();
            printTensors(model.tensors(), out);
        }
    }

    private static String latents(LatentFormat format) {
        return "of " + format.displayName() + ", " + format.channels() + " channels";
    }

    private static String command(ModelFile model, Set<ModelComponent> missing) {
        String option = model.isBareDiffusionModel() ? "--diffusion-model" : "-m";
        return command(model.family(), option, model.path(), missing);
    }

    private String command(DiffusersFolder folder, Set<ModelComponent> missing) {
        return command(ModelFile.read(folder.denoiser()).family(), "-m", folder.path(), missing)
                + (variant == null ? "" : " --variant " + shellWord(variant));
    }

    private static String command(ModelFamily family, String option, Path path, Set<ModelComponent> missing) {
        String verb = family.makesVideo() ? "video" : "generate";
        String pictures = family.can(Task.EDIT) && !family.can(Task.TEXT_TO_IMAGE) ? " -r FILE" : "";
        return "diffuse " + verb + " \"a lighthouse at dusk\" " + option + " " + shellWord(path.toString())
                + missing.stream()
                        .map(component -> " " + OPTIONS.get(component) + " FILE")
                        .collect(Collectors.joining())
                + pictures;
    }

    private static String upscaleCommand(ModelFile model) {
        return "diffuse upscale picture.png -o large.png -m "
                + shellWord(model.path().toString());
    }

    private static String photoMakerCommand(ModelFile model) {
        return "diffuse generate \"a photo of a man img\" -m SDXL --photo-maker "
                + shellWord(model.path().toString()) + " --pm-id-image FILE"
                + (model.family() == ModelFamily.PHOTO_MAKER_2 ? " --pm-id-embed-path FILE" : "");
    }

    private static String shellWord(String word) {
        String text = TerminalText.printable(word);
        return text.matches("[\\w./+@%:,=-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private static void line(PrintStream out, String name, String value) {
        out.printf("  %-11s %s%n", name, value);
    }

    private static void printTensors(List<TensorInfo> tensors, PrintStream out) {
        int width = tensors.stream()
                .mapToInt(tensor -> tensor.name().length())
                .max()
                .orElse(0);
        for (TensorInfo tensor : tensors) {
            out.printf(
                    "%-" + Math.max(width, 1) + "s  %-7s  %-20s  %s%n",
                    TerminalText.printable(tensor.name()),
                    tensor.type().displayName(),
                    tensor.shapeText(),
                    Quantity.bytes(tensor.byteLength()));
        }
    }

    private static String shortened(String value) {
        String line = TerminalText.printable(value);
        return line.length() <= SHOWN_METADATA
                ? line
                : line.substring(0, SHOWN_METADATA) + "... (" + value.length() + " characters)";
    }

    private ObjectNode toJson(ModelFile model) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("file", model.path().toString());
        ArrayNode files = node.putArray("files");
        model.files().forEach(path -> files.add(path.toString()));
        node.put("size", model.size());
        node.put("format", model.format().displayName());
        node.put("family", model.family().displayName());
        model.latentFormat().ifPresent(latents -> node.put("latents", latents.displayName()));
        model.upscalerNetwork().ifPresent(network -> {
            ObjectNode upscaler = node.putObject("upscaler");
            upscaler.put("architecture", network.architecture());
            upscaler.put("scale", network.scale()).put("blocks", network.blocks());
            network.obstacle().ifPresent(obstacle -> upscaler.put("obstacle", obstacle));
        });
        node.put("diffusionModelOnly", model.isBareDiffusionModel());
        ArrayNode held = node.putArray("held");
        model.heldComponents().forEach(component -> held.add(component.displayName()));
        ArrayNode missing = node.putArray("missing");
        model.missingComponents().forEach(component -> missing.add(component.displayName()));
        ArrayNode tasks = node.putArray("tasks");
        model.family().tasks().forEach(task -> tasks.add(task.toString()));
        model.nativeSize()
                .ifPresent(size ->
                        node.putObject("nativeSize").put("width", size.width()).put("height", size.height()));
        node.put("parameters", model.parameterCount());
        node.put("tensorCount", model.tensors().size());
        node.put("weightMemory", model.weightMemory());
        ObjectNode types = node.putObject("types");
        model.types()
                .forEach((type, summary) -> types.putObject(type.displayName())
                        .put("tensors", summary.tensors())
                        .put("elements", summary.elements())
                        .put("bytes", summary.bytes()));
        ObjectNode metadata = node.putObject("metadata");
        model.metadata().forEach(metadata::put);
        if (tensors) {
            ArrayNode list = node.putArray("tensors");
            for (TensorInfo tensor : model.tensors()) {
                ObjectNode entry = list.addObject();
                entry.put("name", tensor.name()).put("type", tensor.type().displayName());
                ArrayNode shape = entry.putArray("shape");
                tensor.shape().forEach(shape::add);
                entry.put("bytes", tensor.byteLength());
            }
        }
        return node;
    }
}
