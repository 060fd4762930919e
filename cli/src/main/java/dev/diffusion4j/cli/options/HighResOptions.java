package dev.diffusion4j.cli.options;

import dev.diffusion4j.request.HighResFix;
import dev.diffusion4j.request.NativeSampling;
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
            paramLabel = "NAME",
            description = "latent (the default), latent-nearest, latent-nearest-exact, latent-antialiased,"
                    + " latent-bicubic, latent-bicubic-antialiased, lanczos or nearest.")
    private HighResFix.Upscaler upscaler;

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

    /** The sampling with the second pass, if one is asked for. */
    public NativeSampling applyTo(NativeSampling sampling) {
        if (!wanted && scale == null && upscaler == null && steps == null && strength == null) {
            return sampling;
        }
        HighResFix usual = HighResFix.twice();
        return sampling.withHighResFix(new HighResFix(
                upscaler == null ? usual.upscaler() : upscaler,
                scale == null ? usual.scale() : scale,
                steps == null ? usual.steps() : steps,
                strength == null ? usual.denoisingStrength() : strength));
    }
}
