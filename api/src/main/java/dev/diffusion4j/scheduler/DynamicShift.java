package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Objects;

/**
 * A shift of noise levels that grows with the picture (Esser et al. 2024, section 5.3.2), since more pixels need more noise
 * to be hidden: mu is on the line through two points, and levels are moved up by it. As diffusers' {@code
 * use_dynamic_shifting} and the {@code calculate_shift} of its pipelines.
 *
 * @param baseShift mu at the base length; finite
 * @param maxShift mu at the maximal length; finite
 * @param baseImageSeqLen the base length in tokens of the transformer, from 1
 * @param maxImageSeqLen the maximal length, above the base; longer ones continue the line
 * @param type what is done with mu
 */
public record DynamicShift(
        double baseShift, double maxShift, int baseImageSeqLen, int maxImageSeqLen, TimeShiftType type) {

    /** FLUX.1 dev's: from 0.5 at 256 tokens to 1.15 at 4096, exponential; diffusers' default. */
    public static final DynamicShift FLUX = new DynamicShift(0.5, 1.15, 256, 4096, TimeShiftType.EXPONENTIAL);

    /** Qwen-Image's: from 0.5 at 256 tokens to 0.9 at 8192, exponential. */
    public static final DynamicShift QWEN_IMAGE = new DynamicShift(0.5, 0.9, 256, 8192, TimeShiftType.EXPONENTIAL);

    /**
     * @throws InvalidRequestException if a value is out of its range
     */
    public DynamicShift {
        Objects.requireNonNull(type, "type");
        requireFinite("baseShift", baseShift);
        requireFinite("maxShift", maxShift);
        if (baseImageSeqLen < 1) {
            throw new InvalidRequestException("baseImageSeqLen", baseImageSeqLen, "1 or above");
        }
        if (maxImageSeqLen <= baseImageSeqLen) {
            throw new InvalidRequestException(
                    "maxImageSeqLen", maxImageSeqLen, "above baseImageSeqLen, " + baseImageSeqLen);
        }
    }

    private static void requireFinite(String field, double value) {
        if (!Double.isFinite(value)) {
            throw new InvalidRequestException(field, value, "a finite number");
        }
    }

    /**
     * Mu for a picture of so many tokens.
     *
     * @throws InvalidRequestException if the shift is linear and the line has fallen to 0 or below there
     */
    public double mu(int imageSeqLen) {
        double slope = (maxShift - baseShift) / (maxImageSeqLen - baseImageSeqLen);
        double mu = imageSeqLen * slope + (baseShift - slope * baseImageSeqLen);
        if (type == TimeShiftType.LINEAR && !(mu > 0)) {
            throw new InvalidRequestException(
                    "imageSeqLen", imageSeqLen, "where the linear shift is above 0, which is " + mu + " there");
        }
        return mu;
    }

    /** A level of 0 (exclusive) to 1, shifted. */
    double shifted(double sigma, double mu) {
        double factor = type == TimeShiftType.EXPONENTIAL ? Math.exp(mu) : mu;
        return factor / (factor + (1 / sigma - 1));
    }
}
