package dev.diffusion4j.cli;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.cli.picture.OutputFiles;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code diffuse decode}: latents to pictures, by the VAE alone. */
@Command(
        name = "decode",
        header = {"Write the pictures that the VAE makes of latents.", ""},
        abbreviateSynopsis = true)
final class DecodeCommand extends PartCommand {

    /** As many pictures as a request may draw. */
    private static final int MAX_BATCH = 1000;

    @Parameters(
            paramLabel = "LATENTS",
            description = "A .npy file of floats, BATCHx4xHEIGHTxWIDTH: each cell becomes 8x8 pixels.")
    private Path latentsFile;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description =
                    "The picture's file: .png, .jpg or .jpeg. Of several pictures each gets its number, before the"
                            + " ending or where the name has %%d (%%03d).")
    private Path output;

    @Option(
            names = "--scaled",
            description = "The latents are multiplied with the model's factor, as the U-Net has them; without it they"
                    + " are the VAE's own.")
    private boolean scaled;

    private float[] values;
    private Shape shape;
    private OutputFiles files;

    @Override
    void prepare() {
        try (Tensor latents = ArrayFile.read(latentsFile)) {
            shape = latents.shape();
            requireLatents(latents);
            values = latents.toArray();
        }
        files = OutputFiles.plan(Optional.of(output), "", (int) shape.dimension(0), false);
    }

    private static void requireLatents(Tensor latents) {
        Shape shape = latents.shape();
        if (shape.rank() != 4) {
            throw new InvalidRequestException("latents", shape, "(batch, 4, height, width)");
        }
        if (shape.dimension(0) > MAX_BATCH) {
            throw new InvalidRequestException("latents", shape.dimension(0), "at most " + MAX_BATCH + " pictures");
        }
        if (!Double.isFinite(latents.mean())) {
            throw new InvalidRequestException("latents", "infinite or no numbers at all", "finite numbers");
        }
    }

    @Override
    String activity() {
        return "decoding";
    }

    @Override
    PartResult run(DiffusionModel opened) {
        Vae vae = opened.vae();
        requireSize(vae.scaleFactor());
        try (Tensor latents = Tensor.of(values, shape)) {
            if (scaled) {
                vae.fromModelScale(latents);
            }
            try (Tensor pictures = decode(vae, latents)) {
                List<BufferedImage> images = ImageTensors.toImages(pictures);
                BufferedImage first = images.getFirst();
                return new WrittenPictures(files.write(images), first.getWidth(), first.getHeight());
            }
        }
    }

    private Tensor decode(Vae vae, Tensor latents) {
        return model().loading()
                .vaeTiling()
                .map(tiling -> vae.decode(latents, tiling))
                .orElseGet(() -> vae.decode(latents));
    }

    private void requireSize(int factor) {
        int most = ImageRequest.MAX_SIZE / factor;
        if (shape.dimension(2) > most || shape.dimension(3) > most) {
            throw new InvalidRequestException("latents", shape, "of at most " + most + " cells in each direction");
        }
    }
}
