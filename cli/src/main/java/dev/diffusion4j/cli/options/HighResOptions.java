package dev.diffusion4j.cli.options;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.NativeSampling;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The second pass at a larger size. Any of the options asks for it. */
public final class HighResOptions {

    @Option(
            names = {"--hires", "--hires-fix"},
            description = "Draw small, enlarge, and draw again: the result has the larger size.")
    private boolean wanted;

    @Option(names = "--hires-scale", paramLabel = "FACTOR", description = "How much larger, above 1 and up to 8 (2).")
    private Double scale;

    @Option(
            names = "--hires-upscaler",
            paramLabel = "NAME|FILE",
            description =
                    "latent (the default), latent-nearest, latent-nearest-exact, latent-antialiased,"
                            + " latent-bicubic, latent-bicubic-antialiased, lanczos, nearest, or the file of an upscaler model.")
    private HighResUpscaler upscaler;

    @Option(
            names = "--hires-tile-size",
            paramLabel = "PIXELS",
            description = "How much of the first pass an upscaler model enlarges at once, 16 to 4096 (128).")
    private Integer tileSize;

    @Option(
            names = "--hires-size",
            paramLabel = "WxH",
            description = "The size of the second pass, in place of --hires-scale.")
    private PixelSize size;

    @Option(
            names = "--hires-steps",
            paramLabel = "N",
            description = "Steps of the second pass; as many as the first without it.")
    private Integer steps;

    @Option(
            names = {"--hires-strength", "--hires-denoising-strength"},
            paramLabel = "PART",
            description = "How much the second pass may change, above 0 and up to 1 (0.7).")
    private Double strength;

    /** Registers the type that is no concern of others. */
    public static void register(CommandLine line) {
        Converters.register(line, HighResUpscaler.class, HighResUpscaler::parse);
    }

    /** The sampling with the second pass, if one is asked for. */
    public NativeSampling applyTo(NativeSampling sampling) {
        if (!wanted
                && scale == null
                && upscaler == null
                && tileSize == null
                && size == null
                && steps == null
                && strength == null) {
            return sampling;
        }
        if (scale != null && size != null) {
            throw new InvalidRequestException("--hires-size", size, "given without --hires-scale");
        }
        HighResFix fix = HighResFix.twice();
        if (scale != null) {
            fix = fix.withScale(scale);
        }
        if (upscaler != null) {
            fix = upscaler.applyTo(fix);
        }
        if (tileSize != null) {
            if (fix.upscalerModel().isEmpty()) {
                throw new InvalidRequestException(
                        "--hires-tile-size", tileSize, "given with a model as --hires-upscaler");
            }
            fix = fix.withTileSize(tileSize);
        }
        if (size != null) {
            fix = fix.withSize(new ImageSize(size.width(), size.height()));
        }
        if (steps != null) {
            fix = fix.withSteps(steps);
        }
        return sampling.withHighResFix(strength == null ? fix : fix.withDenoisingStrength(strength));
    }
}
