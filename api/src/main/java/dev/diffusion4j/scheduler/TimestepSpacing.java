package dev.diffusion4j.scheduler;

import java.util.Locale;

/** Which training steps a plan visits (Lin et al. 2023, "Common diffusion noise schedules and sample steps are flawed"). */
public enum TimestepSpacing {
    /** Equally spaced with both ends. */
    LINSPACE,
    /** Multiples of a whole step from 0 upwards, moved by stepsOffset: the end of training is left out. */
    LEADING,
    /** From the end of training downwards: the start is left out. */
    TRAILING;

    /** The spelling of diffusers, such as {@code leading}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
