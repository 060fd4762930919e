package dev.diffusion4j.scheduler;

import java.util.Locale;

/** The noise level that a plan ends on. */
public enum FinalSigmasType {
    /** None. */
    ZERO,
    /** The lowest one of training. */
    SIGMA_MIN;

    /** The spelling of diffusers, such as {@code sigma_min}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
