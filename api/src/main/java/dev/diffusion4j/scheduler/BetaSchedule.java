package dev.diffusion4j.scheduler;

import java.util.Locale;

/** How the noise variance grows over the training steps. */
public enum BetaSchedule {
    /** From betaStart to betaEnd in equal steps (Ho et al. 2020). */
    LINEAR,
    /** The square of equal steps between the roots: Stable Diffusion's. */
    SCALED_LINEAR,
    /** From a squared cosine of the time, each at most 0.999 (Nichol and Dhariwal 2021); betaStart and betaEnd are unused. */
    SQUAREDCOS_CAP_V2;

    /** The spelling of diffusers, such as {@code scaled_linear}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
