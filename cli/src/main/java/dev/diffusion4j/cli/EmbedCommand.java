package dev.diffusion4j.cli;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.Tokens;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code diffuse embed}: a text to what the U-Net sees of it, by the text encoder alone. */
@Command(
        name = "embed",
        header = {"Write the embeddings that the text encoder makes of a text.", ""},
        description =
                "The .npy file holds what the U-Net sees of a prompt: an array of 1x77x768 for Stable Diffusion 1.x,"
                        + " 77 more for each further chunk of a long text; weights such as (word:1.2) count. --pooled, --input"
                        + " and --raw show other stages, of texts of one chunk, and without weights.",
        abbreviateSynopsis = true)
final class EmbedCommand extends PartCommand {

    @Parameters(paramLabel = "TEXT", description = "The text; - reads it from standard input.")
    private String text;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "The embeddings' file, .npy.")
    private Path output;

    @Option(
            names = "--pooled",
            description =
                    "The pooled output instead, 1x768: the last layer where the text ends; of the last text encoder"
                            + " where there are two.")
    private boolean pooled;

    @Option(
            names = "--input",
            description = "The input embeddings instead, 1x77x768: token and position embeddings added.")
    private boolean input;

    @Option(names = "--raw", description = "The hidden state before the final layer norm instead, 1x77x768.")
    private boolean raw;

    @Option(
            names = "--clip-skip",
            paramLabel = "N",
            description =
                    "Which of CLIP's last layers to use: 1 the last, 2 the one before; the model's own without it.")
    private Integer clipSkip;

    private String prompt;

    @Override
    void prepare() {
        if (pooled && input || pooled && raw || input && raw) {
            throw new InvalidRequestException("--pooled, --input and --raw", "together", "given one at a time");
        }
        if (clipSkip != null && (pooled || input)) {
            throw new InvalidRequestException(
                    "--clip-skip", "with " + (pooled ? "--pooled" : "--input"), "given where a layer is chosen");
        }
        ArrayFile.requireWritable(output);
        prompt = PromptArgument.resolve("TEXT", text, console().in());
        if (prompt.length() > ImageRequest.MAX_PROMPT_LENGTH) {
            throw new InvalidRequestException(
                    "TEXT",
                    prompt.length() + " characters",
                    "at most " + ImageRequest.MAX_PROMPT_LENGTH + " characters");
        }
    }

    @Override
    String activity() {
        return "encoding";
    }

    @Override
    PartResult run(DiffusionModel opened) {
        try (Tensor embeddings = embeddings(opened)) {
            return WrittenArray.write(embeddings, output);
        }
    }

    private Tensor embeddings(DiffusionModel opened) {
        if (pooled) {
            ClipTextEncoder encoder = opened.textEncoders().getLast();
            return encoder.pooled(tokens(encoder));
        }
        ClipTextEncoder encoder = opened.textEncoder();
        if (input) {
            return encoder.inputEmbeddings(tokens(encoder));
        }
        if (raw) {
            int skip = clipSkip == null ? encoder.defaultClipSkip() : clipSkip;
            return encoder.hiddenState(tokens(encoder), skip, false);
        }
        try (Conditioning conditioning = conditioning(opened)) {
            return conditioning.context().copy();
        }
    }

    private Conditioning conditioning(DiffusionModel opened) {
        return clipSkip == null || clipSkip == 0
                ? opened.encodePrompt(prompt)
                : opened.encodePrompt(prompt, clipSkip, opened.nativeSize());
    }

    private Tokens tokens(ClipTextEncoder encoder) {
        Tokens tokens = encoder.tokenizer().encode(prompt);
        if (tokens.truncated()) {
            int all = tokens.count() - 2 + tokens.droppedCount();
            throw new InvalidRequestException(
                    "TEXT", all + " tokens", "at most 75 tokens with --pooled, --input and --raw");
        }
        return tokens;
    }
}
