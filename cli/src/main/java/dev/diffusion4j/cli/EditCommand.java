package dev.diffusion4j.cli;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.cli.options.PixelSize;
import dev.diffusion4j.cli.picture.InputPicture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code diffuse edit}: redraws a picture, or the masked part of it. */
@Command(
        name = "edit",
        header = {"Redraw a picture, or a part of it, towards a prompt.", ""},
        abbreviateSynopsis = true)
final class EditCommand extends DrawingCommand {

    @Parameters(
            index = "0",
            paramLabel = "IMAGE",
            description = "The picture: PNG, JPEG, WebP, GIF, BMP or TIFF. What is transparent becomes white.")
    private Path imageFile;

    @Parameters(
            index = "1",
            paramLabel = "PROMPT",
            description = "What the picture shall show; - reads it from standard input.")
    private String prompt;

    @Option(
            names = "--strength",
            paramLabel = "PART",
            description = "How much may change: 0 keeps the picture, 1 starts from noise alone (0.75).")
    private Double strength;

    @Option(
            names = "--mask",
            paramLabel = "FILE",
            description = "Redraw only where this picture of the same size is white; black is kept.")
    private Path maskFile;

    @Option(
            names = "--resize-mode",
            paramLabel = "MODE",
            description =
                    "How --size makes another ratio of width to height: stretch (the default), crop (cuts two sides"
                            + " off) or fit (keeps all and repeats the edges beside it). A mask goes the same way.")
    private ResizeMode resizeMode = ResizeMode.STRETCH;

    private BufferedImage image;
    private BufferedImage mask;

    @Override
    String promptArgument() {
        return prompt;
    }

    @Override
    void readPictures() {
        image = InputPicture.read(imageFile);
        mask = maskFile == null ? null : InputPicture.readMask(maskFile);
    }

    @Override
    ImageRequest.Builder begin(String text) {
        InitImage init = InitImage.of(image).withResizeMode(resizeMode);
        if (strength != null) {
            init = init.withStrength(strength);
        }
        if (mask != null) {
            init = init.withMask(mask);
        }
        return ImageRequest.imageToImage(init, text);
    }

    @Override
    boolean hasOwnSize() {
        return true;
    }

    @Override
    PixelSize usualSize(DiffusionModel opened) {
        return new PixelSize(image.getWidth(), image.getHeight());
    }
}
