package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.hub.CatalogEntry;
import dev.diffusion4j.hub.CatalogPart;
import dev.diffusion4j.hub.ModelCatalog;
import java.util.Collection;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code diffuse models names}: the short names. */
@Command(
        name = "names",
        header = {"List the short names of models.", ""},
        description = {
            "~/.config/diffusion4j/models.txt adds names or replaces them. \"gated\": a licence has to be accepted on the hub first."
                    + " \"unverified\": nobody has compared the name with the hub yet.",
            ""
        })
final class ModelsNamesCommand implements Callable<Integer> {

    @ParentCommand
    private ModelsCommand models;

    @Option(names = "--json", description = "Write a JSON array.")
    private boolean json;

    @Override
    public Integer call() {
        Console console = models.diffuse().console();
        Collection<CatalogEntry> entries =
                ModelCatalog.of(models.diffuse().environment()).entries();
        if (json) {
            console.printJson(toJson(entries));
        } else {
            int width = entries.stream()
                    .mapToInt(entry -> entry.name().length())
                    .max()
                    .orElse(1);
            entries.forEach(entry -> console.out()
                    .printf(
                            "%-" + width + "s  %s%s%s%n",
                            entry.name(),
                            entry.title(),
                            entry.isGated() ? ", gated" : "",
                            entry.isVerified() ? "" : ", unverified"));
        }
        return ExitCode.OK;
    }

    private static ArrayNode toJson(Collection<CatalogEntry> entries) {
        ArrayNode array = new ObjectMapper().createArrayNode();
        for (CatalogEntry entry : entries) {
            ObjectNode node = array.addObject().put("name", entry.name()).put("title", entry.title());
            ArrayNode parts = node.putArray("parts");
            for (CatalogPart part : entry.parts()) {
                parts.addObject()
                        .put("part", part.part().label())
                        .put("reference", part.reference().toString())
                        .put("licence", part.licence())
                        .put("gated", part.isGated())
                        .put("verified", part.isVerified());
            }
        }
        return array;
    }
}
