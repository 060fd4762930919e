package dev.diffusion4j.cli;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.cli.options.PixelSize;
import dev.diffusion4j.cli.picture.InputPicture;
import dev.diffusion4j.component.LatentDistribution;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.tensor.ImageTensors;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code diffuse encode}: a picture to latents, by the VAE alone. */
@Command(
        name = "encode",
        header = {"Write the latents that the VAE makes of a picture.", ""},
        description = "The .npy file holds an array of 1x4xHEIGHT/8xWIDTH/8.",
        abbreviateSynopsis = true)
final class EncodeCommand extends PartCommand {

    @Parameters(
            paramLabel = "IMAGE",
            description = "The picture: PNG, JPEG, WebP, GIF, BMP or TIFF. What is transparent becomes white.")
    private Path imageFile;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "The latents' file, .npy.")
    private Path output;

    @Option(names = "--sample", description = "Draw from the VAE's distribution; without it the latents are its mean.")
    private boolean sample;

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "N",
            description = "With --sample: the same seed draws the same latents; random without it.")
    private Long seed;

    @Option(
            names = "--scaled",
            description = "Multiply with the model's factor, as the U-Net wants latents; they are the VAE's own without"
                    + " it.")
    private boolean scaled;

    private BufferedImage image;

    @Override
    void prepare() {
        if (seed != null && !sample) {
            throw new InvalidRequestException("--seed", "alone", "given with --sample");
        }
        ArrayFile.requireWritable(output);
        image = InputPicture.read(imageFile);
    }

    @Override
    String activity() {
        return "encoding";
    }

    @Override
    PartResult run(DiffusionModel opened) {
        Vae vae = opened.vae();
        if (!vae.hasEncoder()) {
            throw new ModelFileException(
                    opened.name() + " cannot encode pictures: its VAE has a decoder alone; --vae or"
                            + " --taesd take one from a file that has an encoder");
        }
        requireMultiple(vae.scaleFactor());
        OptionalLong noise = sample ? OptionalLong.of(seedOrRandom()) : OptionalLong.empty();
        try (LatentDistribution distribution = encode(vae);
                Tensor latents = latents(distribution, noise)) {
            if (scaled) {
                vae.toModelScale(latents);
            }
            return WrittenArray.write(latents, output, noise);
        }
    }

    private LatentDistribution encode(Vae vae) {
        try (Tensor picture = ImageTensors.of(image)) {
            return model().loading()
                    .vaeTiling()
                    .map(tiling -> vae.encode(picture, tiling))
                    .orElseGet(() -> vae.encode(picture));
        }
    }

    private Tensor latents(LatentDistribution distribution, OptionalLong noise) {
        return noise.isPresent()
                ? distribution.sample(NormalGenerator.of(model().loading().random(), noise.getAsLong()))
                : distribution.mean();
    }

    private long seedOrRandom() {
        return seed != null ? seed : ThreadLocalRandom.current().nextLong(1L << 32);
    }

    private void requireMultiple(int factor) {
        PixelSize size = new PixelSize(image.getWidth(), image.getHeight());
        PixelSize below = new PixelSize(below(size.width(), factor), below(size.height(), factor));
        PixelSize above = new PixelSize(above(size.width(), factor), above(size.height(), factor));
        if (!size.equals(above)) {
            throw new InvalidRequestException(
                    "the picture's size",
                    size,
                    "a multiple of " + factor + " pixels (nearest: "
                            + (below.equals(above) ? above : below + " or " + above) + ")");
        }
    }

    /** At least one multiple: a picture of no pixels is none. */
    private static int below(int pixels, int factor) {
        return Math.max(pixels / factor, 1) * factor;
    }

    private static int above(int pixels, int factor) {
        return Math.ceilDiv(pixels, factor) * factor;
    }
}
