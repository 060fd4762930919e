package dev.diffusion4j;

/** What the diffusion model predicts. Normally read from the model; needed only where a file does not say it. */
public enum Prediction {
    EPSILON,
    V,
    EDM_V,
    FLOW,
    FLUX_FLOW,
    FLUX2_FLOW
}
