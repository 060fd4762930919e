package dev.diffusion4j.cli;

import dev.diffusion4j.GenerationRequest;
import dev.diffusion4j.StableDiffusion;
import dev.diffusion4j.cli.options.PixelSize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code diffuse generate}: draws from a prompt alone. */
@Command(
        name = "generate",
        header = {"Draw pictures from a prompt.", ""},
        abbreviateSynopsis = true)
final class GenerateCommand extends DrawingCommand {

    @Parameters(
            paramLabel = "PROMPT",
            description = "What to draw; - reads it from standard input. (word:1.2) weighs words.")
    private String prompt;

    @Override
    String promptArgument() {
        return prompt;
    }

    @Override
    void readPictures() {}

    @Override
    GenerationRequest<?> request(StableDiffusion sd, String text) {
        return sd.textToImage(text);
    }

    @Override
    PixelSize usualSize(StableDiffusion sd) {
        return new PixelSize(sd.nativeSize().width(), sd.nativeSize().height());
    }
}
