package dev.diffusion4j.cli;

import dev.diffusion4j.hub.CachedRevision;
import dev.diffusion4j.hub.ModelCache;
import dev.diffusion4j.hub.ModelReference;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code diffuse models remove}: takes models off this machine. */
@Command(
        name = "remove",
        header = {"Remove a model that was downloaded, for other programs too.", ""},
        description = {"Files that another commit of the repository needs stay.", ""})
final class ModelsRemoveCommand implements Callable<Integer> {

    @ParentCommand
    private ModelsCommand models;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "REPOSITORY",
            description =
                    "org/name for all of its commits, or org/name@revision for one, as 'diffuse models list' shows them.")
    private String name;

    @Override
    public Integer call() {
        ModelReference reference =
                ModelReference.parse(ModelReference.isReference(name) ? name : ModelReference.PREFIX + name);
        if (reference.file().isPresent() || reference.quant().isPresent()) {
            throw new ParameterException(
                    spec.commandLine(), "A single file cannot be removed, only commits with all files");
        }
        boolean onlyOne = name.contains("@");
        ModelCache cache = models.cache();
        List<CachedRevision> revisions = cache.revisions().stream()
                .filter(revision -> revision.repository().equals(reference.repository()))
                .filter(revision -> !onlyOne
                        || revision.commit().equals(reference.revision())
                        || revision.refs().contains(reference.revision()))
                .toList();
        if (revisions.isEmpty()) {
            throw new ParameterException(spec.commandLine(), name + " is not in " + cache.folder());
        }
        for (CachedRevision revision : revisions) {
            long freed = cache.remove(revision);
            models.diffuse()
                    .console()
                    .out()
                    .println("Removed " + revision.repository() + "@" + revision.commit() + ", which freed "
                            + Quantity.bytes(freed) + ".");
        }
        return ExitCode.OK;
    }
}
