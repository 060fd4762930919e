package dev.diffusion4j.scheduler;

import java.util.Locale;

/**
 * What a model predicts, given a sample x = alpha * x0 + sigma * noise with alpha^2 + sigma^2 = 1.
 *
 * <p>Of the first three, each estimate of x0 and of the noise is a weighted sum of the sample and the model's output; the
 * package-private methods are those weights. Flow matching has alpha + sigma = 1 instead.
 */
public enum PredictionType {
    /** The noise. Stable Diffusion 1.x and SDXL. */
    EPSILON,
    /** The velocity alpha * noise - sigma * x0 (Salimans and Ho 2022). Stable Diffusion 2.x at 768 pixels. */
    V_PREDICTION,
    /** The clean sample x0. */
    SAMPLE,
    /** The velocity over the noise levels of EDM (Karras et al. 2022), as some SDXL models have it. */
    EDM_V,
    /** The velocity noise - x0 of flow matching (Lipman et al. 2022). Stable Diffusion 3, Qwen-Image, Z-Image. */
    FLOW,
    /** Flow matching with the shift of FLUX.1. */
    FLUX_FLOW,
    /** Flow matching with the shift of FLUX.2. */
    FLUX2_FLOW;

    /** Whether it is the velocity of flow matching, whatever the shift. */
    public boolean isFlow() {
        return switch (this) {
            case FLOW, FLUX_FLOW, FLUX2_FLOW -> true;
            case EPSILON, V_PREDICTION, SAMPLE, EDM_V -> false;
        };
    }

    private IllegalStateException withoutWeights() {
        return new IllegalStateException(this + " has no such weights");
    }

    /** The sample's weight in the estimate of x0. */
    double sampleInOriginal(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> 1 / alpha;
            case V_PREDICTION -> alpha;
            case SAMPLE -> 0;
            case FLOW -> 1;
            case EDM_V, FLUX_FLOW, FLUX2_FLOW -> throw withoutWeights();
        };
    }

    /** The output's weight in the estimate of x0. */
    double outputInOriginal(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> -sigma / alpha;
            case V_PREDICTION, FLOW -> -sigma;
            case SAMPLE -> 1;
            case EDM_V, FLUX_FLOW, FLUX2_FLOW -> throw withoutWeights();
        };
    }

    /** The sample's weight in the estimate of the noise. */
    double sampleInNoise(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> 0;
            case V_PREDICTION -> sigma;
            case SAMPLE -> 1 / sigma;
            case EDM_V, FLOW, FLUX_FLOW, FLUX2_FLOW -> throw withoutWeights();
        };
    }

    /** The output's weight in the estimate of the noise. */
    double outputInNoise(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> 1;
            case V_PREDICTION -> alpha;
            case SAMPLE -> -alpha / sigma;
            case EDM_V, FLOW, FLUX_FLOW, FLUX2_FLOW -> throw withoutWeights();
        };
    }

    /** The spelling of diffusers, such as {@code v_prediction}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
