package dev.diffusion4j.scheduler;

import java.util.Locale;

/** How {@link DpmSolverMultistepScheduler} of second order treats the first derivative; diffusers' {@code solver_type}. */
public enum DpmSolverType {
    /** As constant over the step, at half its length. */
    MIDPOINT,
    /** As linear over the step. */
    HEUN;

    /** The spelling of diffusers, such as {@code midpoint}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
