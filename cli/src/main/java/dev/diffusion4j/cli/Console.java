package dev.diffusion4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.diffusion4j.cli.progress.Terminal;
import java.io.InputStream;
import java.io.PrintStream;

/**
 * Where a command reads from and writes to.
 *
 * @param in what {@code -} stands for
 * @param out results, and nothing else
 * @param err progress and messages
 * @param terminal what is behind {@code err}
 * @param cancellation how the user stops the command
 */
public record Console(InputStream in, PrintStream out, PrintStream err, Terminal terminal, Cancellation cancellation) {

    /** Writes a result for machines. */
    void printJson(JsonNode node) {
        try {
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(node));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values can always be written", e);
        }
    }
}
