package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.hub.CachedRevision;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse models list}: what is on this machine, whoever downloaded it. */
@Command(
        name = "list",
        header = {"List the models that were downloaded, by this program or another.", ""},
        description = {"A line for each commit: size, repository, commit, branches and folder.", ""})
final class ModelsListCommand implements Callable<Integer> {

    @ParentCommand
    private ModelsCommand models;

    @Option(names = "--json", description = "Write a JSON array.")
    private boolean json;

    @Override
    public Integer call() {
        Console console = models.diffuse().console();
        List<CachedRevision> revisions = models.cache().revisions();
        if (json) {
            console.printJson(toJson(revisions));
        } else {
            revisions.forEach(revision -> console.out().println(line(revision)));
        }
        return ExitCode.OK;
    }

    private static String line(CachedRevision revision) {
        String refs = revision.refs().isEmpty()
                ? ""
                : " (" + String.join(", ", revision.refs().stream().sorted().toList()) + ")";
        return "%10s  %s@%s%s  %s"
                .formatted(
                        Quantity.bytes(revision.bytes()),
                        revision.repository(),
                        revision.commit(),
                        refs,
                        revision.folder());
    }

    private static ArrayNode toJson(List<CachedRevision> revisions) {
        ArrayNode array = new ObjectMapper().createArrayNode();
        for (CachedRevision revision : revisions) {
            ObjectNode node = array.addObject()
                    .put("repository", revision.repository())
                    .put("commit", revision.commit())
                    .put("bytes", revision.bytes())
                    .put("folder", revision.folder().toString());
            ArrayNode refs = node.putArray("refs");
            revision.refs().stream().sorted().forEach(refs::add);
            ArrayNode files = node.putArray("files");
            revision.files()
                    .forEach(file -> files.addObject().put("path", file.path()).put("bytes", file.bytes()));
        }
        return array;
    }
}
