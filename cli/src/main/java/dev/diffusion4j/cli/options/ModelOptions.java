package dev.diffusion4j.cli.options;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.ModelOpener;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.error.ModelFileException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The model: its files and how they are loaded. */
public final class ModelOptions {

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "The model, as safetensors, GGUF or checkpoint; the built-in demo model without it.")
    private Path file;

    @ArgGroup(validate = false, order = 1, heading = "%nModel files:%n")
    private ModelFileOptions files = new ModelFileOptions();

    @ArgGroup(validate = false, order = 2, heading = "%nMemory and speed:%n")
    private LoadingOptions loading = new LoadingOptions();

    /** What is opened, for people. */
    public String title() {
        return file == null && !files.hasDiffusionModel() ? "the demo model" : "the model";
    }

    /** How the model is held in memory and computed. */
    public LoadingOptions loading() {
        return loading;
    }

    /** Opens what was given, or the demo model. */
    public DiffusionModel open() {
        ModelOpener options = DiffusionModel.options();
        files.applyTo(options);
        loading.applyTo(options);
        if (file != null) {
            return options.open(file);
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
}
