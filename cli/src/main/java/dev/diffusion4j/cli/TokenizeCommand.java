package dev.diffusion4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.LoraTags;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code diffuse tokenize}: what the text encoder is given of a text, and back. */
@Command(
        name = "tokenize",
        header = {"Show the tokens that a text becomes, or the text of tokens.", ""},
        description = "The tokenizer is CLIP's, as Stable Diffusion 1.x, 2.x and SDXL have it; no model is needed.")
final class TokenizeCommand implements Callable<Integer> {

    @ParentCommand
    private Diffuse diffuse;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "TEXT", description = "The text; - reads it from standard input.")
    private String text;

    @Option(
            names = "--chunks",
            description = "Show all of a long text, as inputs of 75 tokens each; without it what does not fit is"
                    + " counted.")
    private boolean chunks;

    @Option(
            names = "--weights",
            description =
                    "Read (word:1.2), (word), [word] and BREAK as drawing does, and leave out <lora:NAME>; implies"
                            + " --chunks.")
    private boolean weights;

    @Option(
            names = "--decode",
            paramLabel = "ID",
            arity = "1..*",
            split = ",",
            description = "The other way: the text of each of these ids and of all together.")
    private int[] ids;

    @Option(names = "--json", description = "Write one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        if (ids != null) {
            decode();
        } else if (text != null) {
            encode(PromptArgument.resolve("TEXT", text, diffuse.console().in()));
        } else {
            throw new ParameterException(spec.commandLine(), "Missing required parameter: 'TEXT'");
        }
        return ExitCode.OK;
    }

    private void encode(String whole) {
        ClipTokenizer tokenizer = ClipTokenizer.load();
        List<TokenListing> listings = listings(tokenizer, whole);
        Console console = diffuse.console();
        if (json && (chunks || weights)) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            ArrayNode array = node.putArray("chunks");
            listings.forEach(listing -> array.add(listing.toJson()));
            console.printJson(node);
        } else if (json) {
            console.printJson(listings.getFirst().toJson());
        } else {
            for (int i = 0; i < listings.size(); i++) {
                if (listings.size() > 1) {
                    console.out().printf("%schunk %d of %d%n", i == 0 ? "" : "\n", i + 1, listings.size());
                }
                listings.get(i).print(console.out());
            }
        }
    }

    private List<TokenListing> listings(ClipTokenizer tokenizer, String whole) {
        if (weights) {
            return tokenizer.encodeWeighted(LoraTags.parse(whole).text()).stream()
                    .map(chunk -> TokenListing.of(tokenizer, chunk))
                    .toList();
        }
        return (chunks ? tokenizer.encodeChunks(whole) : List.of(tokenizer.encode(whole)))
                .stream().map(chunk -> TokenListing.of(tokenizer, chunk)).toList();
    }

    private void decode() {
        if (text != null || chunks || weights) {
            throw new InvalidRequestException("--decode", "with TEXT, --chunks or --weights", "used alone");
        }
        DecodedTokens decoded = new DecodedTokens(ClipTokenizer.load(), ids);
        if (json) {
            diffuse.console().printJson(decoded.toJson());
        } else {
            decoded.print(diffuse.console().out());
        }
    }
}
