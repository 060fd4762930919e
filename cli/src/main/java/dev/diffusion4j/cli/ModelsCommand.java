package dev.diffusion4j.cli;

import dev.diffusion4j.hub.ModelCache;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code diffuse models}: what was downloaded. */
@Command(
        name = "models",
        header = {"List and remove models that were downloaded, and list the short names.", ""},
        subcommands = {ModelsListCommand.class, ModelsRemoveCommand.class, ModelsNamesCommand.class})
final class ModelsCommand implements Runnable {

    @ParentCommand
    private Diffuse diffuse;

    @Spec
    private CommandSpec spec;

    Diffuse diffuse() {
        return diffuse;
    }

    ModelCache cache() {
        return diffuse.hub().cache();
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command: list, remove or names");
    }
}
