package dev.diffusion4j.cli;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.cli.options.ModelFiles;
import dev.diffusion4j.cli.options.ModelOptions;
import dev.diffusion4j.cli.progress.ProgressDisplay;
import dev.diffusion4j.cli.progress.RuntimeLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What the commands that run a part of a model have in common. */
abstract class PartCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Mixin
    private ModelOptions model;

    @Option(names = "--json", description = "Tell of the result as one JSON object on standard output.")
    private boolean json;

    /** Checks what was asked for and reads what is worked on, before anything slow begins. */
    abstract void prepare();

    /** What the part does, for people. */
    abstract String activity();

    /** Runs the part and writes the file. */
    abstract PartResult run(DiffusionModel opened);

    @Override
    public Integer call() {
        Console console = diffuse.console();
        Cancellation cancellation = console.cancellation();
        cancellation.begin();
        prepare();
        ModelFiles files = model.find(diffuse.modelFinder(ProgressDisplay.Style.AUTO));
        PartResult result;
        try (ProgressDisplay display = diffuse.openDisplay(ProgressDisplay.Style.AUTO);
                RuntimeLog log = diffuse.globals().openLog(display::println)) {
            display.activity("loading " + model.title());
            try (DiffusionModel opened = model.open(files)) {
                cancellation.check();
                display.activity(activity());
                result = run(opened);
            }
            log.succeeded();
        }
        if (json) {
            console.printJson(result.toJson());
        } else {
            result.print(console.out());
        }
        return ExitCode.OK;
    }

    Console console() {
        return diffuse.console();
    }

    ModelOptions model() {
        return model;
    }
}
