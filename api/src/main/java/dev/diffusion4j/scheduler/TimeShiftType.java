package dev.diffusion4j.scheduler;

import java.util.Locale;

/** How a {@link DynamicShift} moves noise levels up; diffusers' {@code time_shift_type}. */
public enum TimeShiftType {
    /** By e to the power of mu. */
    EXPONENTIAL,
    /** By mu itself. */
    LINEAR;

    /** The spelling of diffusers, such as {@code exponential}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
