package dev.diffusion4j.cli.options;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.cli.model.ModelFinder;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.hub.ModelPart;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The model: its files and how they are loaded. */
public final class ModelOptions {

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE|NAME",
            description =
                    "The model: a safetensors, GGUF or checkpoint file, a folder of diffusers, or a name, of which the files are downloaded"
                            + " once: hf:org/name[:quant][@revision][/file] or a short one ('diffuse models names'), which brings"
                            + " all parts and settings that are not given; the built-in demo model without it.")
    private Path file;

    @ArgGroup(validate = false, order = 1, heading = "%nModel files, by path or by name as -m:%n")
    private ModelFileOptions files = new ModelFileOptions();

    @ArgGroup(validate = false, order = 2, heading = "%nMemory and speed:%n")
    private LoadingOptions loading = new LoadingOptions();

    /** What is opened, for people. */
    public String title() {
        return isDemo() ? "the demo model" : "the model";
    }

    /** Whether the demo model is opened. */
    public boolean isDemo() {
        return file == null && !files.hasDiffusionModel();
    }

    /** How the model is held in memory and computed. */
    public LoadingOptions loading() {
        return loading;
    }

    /** Finds the files of what was given, of which names are looked up and may be downloaded. */
    public ModelFiles find(ModelFinder finder) {
        return files.find(finder, Optional.ofNullable(file));
    }

    /** Opens what was found, or the demo model. */
    public DiffusionModel open(ModelFiles found) {
        return open(found, Map.of(), Optional.empty());
    }

    /** The same with ControlNets, by their names, and with PhotoMaker if its file was given. */
    public DiffusionModel open(ModelFiles found, Map<String, Path> controlNets, Optional<Path> photoMaker) {
        ModelOpener options = DiffusionModel.options();
        controlNets.forEach(options::controlNet);
        photoMaker.ifPresent(options::photoMaker);
        files.applyTo(options, found);
        loading.applyTo(options);
        Path model = found.parts().get(ModelPart.MODEL);
        if (model != null) {
            return options.open(model);
        }
        return found.parts().containsKey(ModelPart.DIFFUSION_MODEL) ? options.open() : options.open(demoModel());
    }

    /**
     * The demo model's file.
     *
     * @throws ModelFileException if it cannot be unpacked
     */
    public static Path demoModel() {
        try {
            return DemoModel.path();
        } catch (UncheckedIOException e) {
            throw new ModelFileException(e.getMessage(), e);
        }
    }
}
