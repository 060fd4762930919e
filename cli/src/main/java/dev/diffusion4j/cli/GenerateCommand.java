package dev.diffusion4j.cli;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.cli.options.PixelSize;
import dev.diffusion4j.request.ImageRequest;
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
    ImageRequest.Builder begin(String text) {
        return ImageRequest.textToImage(text);
    }

    @Override
    boolean hasOwnSize() {
        return false;
    }

    @Override
    PixelSize usualSize(DiffusionModel opened) {
        return new PixelSize(opened.nativeSize().width(), opened.nativeSize().height());
    }
}
