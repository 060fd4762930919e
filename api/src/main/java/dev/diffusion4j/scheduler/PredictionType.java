package dev.diffusion4j.scheduler;

import java.util.Locale;

/**
 * What the model predicts, given a sample x = alpha * x0 + sigma * noise with alpha^2 + sigma^2 = 1.
 *
 * <p>Each estimate of x0 and of the noise is a weighted sum of the sample and the model's output; the package-private
 * methods are those weights.
 */
public enum PredictionType {
    /** The noise. Stable Diffusion 1.x and SDXL. */
    EPSILON,
    /** The velocity alpha * noise - sigma * x0 (Salimans and Ho 2022). Stable Diffusion 2.x at 768 pixels. */
    V_PREDICTION,
    /** The clean sample x0. */
    SAMPLE;

    /** The sample's weight in the estimate of x0. */
    double sampleInOriginal(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> 1 / alpha;
            case V_PREDICTION -> alpha;
            case SAMPLE -> 0;
        };
    }

    /** The output's weight in the estimate of x0. */
    double outputInOriginal(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> -sigma / alpha;
            case V_PREDICTION -> -sigma;
            case SAMPLE -> 1;
        };
    }

    /** The sample's weight in the estimate of the noise. */
    double sampleInNoise(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> 0;
            case V_PREDICTION -> sigma;
            case SAMPLE -> 1 / sigma;
        };
    }

    /** The output's weight in the estimate of the noise. */
    double outputInNoise(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> 1;
            case V_PREDICTION -> alpha;
            case SAMPLE -> -alpha / sigma;
        };
    }

    /** The spelling of diffusers, such as {@code v_prediction}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
