package dev.diffusion4j.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code diffuse completion}: what makes a shell complete this program's commands and options. */
@Command(
        name = "completion",
        header = {"Write a completion script for bash and zsh.", ""},
        description = "Use it with:  source <(diffuse completion)")
final class CompletionCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        diffuse.console().out().print(AutoComplete.bash("diffuse", spec.root().commandLine()));
        return ExitCode.OK;
    }
}
