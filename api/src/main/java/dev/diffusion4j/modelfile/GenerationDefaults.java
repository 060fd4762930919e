package dev.diffusion4j.modelfile;

import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The settings that a model is usually drawn with: what its file recommends in {@code diffusion4j.steps} and
 * {@code diffusion4j.guidance} of its metadata, else what its makers and the runtime's documentation name for its family.
 *
 * <p>Guidance of FLUX.2 and of Ovis-Image is that of diffusers' pipelines; of ERNIE-Image, LongCat-Image, Lens, Anima, HiDream-O1 and
 * PiD that of the runtime's {@code docs} folder, and where these name no steps, the runtime's 20. Samplers, schedules and flow shifts
 * that a request leaves out are the runtime's own for the family.
 *
 * <p>A header does not tell all variants apart. Where a distilled model looks like the one it was made from, these are the
 * settings of the distilled one for Z-Image (Turbo) and FLUX.2 klein, and of the other one for Ernie Image and Lens.
 *
 * @param steps denoising steps, 1 to 1000
 * @param guidanceScale the scale of classifier-free guidance, 0 to 100; 1, without, for models that have it distilled in
 * @param distilledGuidance the guidance input of guidance-distilled models, where it is not the runtime's 3.5
 */
public record GenerationDefaults(int steps, double guidanceScale, OptionalDouble distilledGuidance) {

    private static final int MAX_STEPS = 1000;

    private static final double MAX_GUIDANCE = 100;

    public GenerationDefaults {
        Objects.requireNonNull(distilledGuidance, "distilledGuidance");
    }

    private GenerationDefaults(int steps, double guidanceScale) {
        this(steps, guidanceScale, OptionalDouble.empty());
    }

    /** Those of a family, of which no file says more. */
    public static GenerationDefaults of(ModelFamily family) {
        return switch (family) {
            case SDXS_512, SDXS_09 -> new GenerationDefaults(1, 1);
            case SD3 -> new GenerationDefaults(20, 4.5);
            case FLUX, FLUX_CONTROL, FLEX_2, HIDREAM_O1 -> new GenerationDefaults(20, 1);
            case FLUX2 -> new GenerationDefaults(20, 1, OptionalDouble.of(4)); // diffusers' Flux2Pipeline
            case FLUX_FILL -> new GenerationDefaults(20, 1, OptionalDouble.of(30));
            case FLUX2_KLEIN, PID -> new GenerationDefaults(4, 1);
            case Z_IMAGE -> new GenerationDefaults(8, 1);
            case CHROMA_RADIANCE -> new GenerationDefaults(20, 4);
            case QWEN_IMAGE -> new GenerationDefaults(20, 2.5);
            case OVIS_IMAGE, ERNIE_IMAGE, LENS, LONGCAT -> new GenerationDefaults(20, 5);
            case ANIMA -> new GenerationDefaults(20, 6);
            case WAN2, WAN2_2_TI2V -> new GenerationDefaults(30, 5);
            case WAN2_2_I2V -> new GenerationDefaults(30, 3.5);
            case LTXAV -> new GenerationDefaults(30, 4);
            case IDEOGRAM_4 -> new GenerationDefaults(20, 7);
            default -> new GenerationDefaults(20, 7);
        };
    }

    static GenerationDefaults of(ModelFile file) {
        GenerationDefaults usual = file.family() == ModelFamily.FLUX ? flux(file) : of(file.family());
        Map<String, String> metadata = file.metadata();
        double steps = recommended(metadata.get("diffusion4j.steps"), 1, MAX_STEPS, usual.steps);
        double guidance = recommended(metadata.get("diffusion4j.guidance"), 0, MAX_GUIDANCE, usual.guidanceScale);
        return new GenerationDefaults((int) steps, guidance, usual.distilledGuidance);
    }

    /** Chroma has its guidance back, dev takes it as an input, and schnell, which has none, draws in four steps. */
    private static GenerationDefaults flux(ModelFile file) {
        if (has(file, "distilled_guidance_layer.")) {
            return new GenerationDefaults(20, 4);
        }
        boolean takesGuidance = has(file, "guidance_in.") || has(file, "time_text_embed.guidance_embedder.");
        return new GenerationDefaults(takesGuidance ? 20 : 4, 1);
    }

    private static boolean has(ModelFile file, String part) {
        return file.tensors().stream().anyMatch(tensor -> tensor.name().contains(part));
    }

    private static double recommended(@Nullable String text, double least, double most, double otherwise) {
        try {
            double value = Double.parseDouble(Objects.requireNonNullElse(text, ""));
            return value >= least && value <= most ? value : otherwise;
        } catch (NumberFormatException e) {
            // A recommendation that makes no sense is none.
            return otherwise;
        }
    }
}
