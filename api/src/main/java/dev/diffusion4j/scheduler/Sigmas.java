package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;

/** Noise levels between those of training, and the way back from a level to a time. */
final class Sigmas {

    /** The exponent that Karras et al. 2022 found best. */
    private static final double RHO = 7;

    private Sigmas() {}

    /** The level at a time, interpolated between training steps and constant beyond them. */
    static double at(double timestep, float[] table) {
        int last = table.length - 1;
        if (timestep >= last) {
            return table[last];
        }
        int below = (int) timestep;
        return table[below] + (timestep - below) * ((double) table[below + 1] - table[below]);
    }

    /** The levels of Karras et al. 2022, equation 5, from the highest to the lowest. */
    static double[] karras(double highest, double lowest, int count) {
        double high = Math.pow(highest, 1 / RHO);
        double low = Math.pow(lowest, 1 / RHO);
        double[] levels = new double[count];
        for (int i = 0; i < count; i++) {
            double ramp = count == 1 ? 0 : (double) i / (count - 1);
            levels[i] = Math.pow(high + ramp * (low - high), RHO);
        }
        return levels;
    }

    /** The levels of equal steps in the logarithm, from the highest to the lowest. */
    static double[] exponential(double highest, double lowest, int count) {
        double[] levels = new double[count];
        for (int i = 0; i < count; i++) {
            double ramp = count == 1 ? 0 : (double) i / (count - 1);
            levels[i] = Math.exp(Math.log(highest) + ramp * (Math.log(lowest) - Math.log(highest)));
        }
        return levels;
    }

    /** The levels at the quantiles of a beta distribution (Lee et al. 2024), from the highest to the lowest. */
    static double[] beta(double highest, double lowest, int count) {
        double[] levels = new double[count];
        for (int i = 0; i < count; i++) {
            double quantile = count == 1 ? 1 : 1 - (double) i / (count - 1);
            levels[i] = lowest + BetaDistribution.quantile(quantile) * (highest - lowest);
        }
        return levels;
    }

    /**
     * Refuses levels that a loop cannot step over.
     *
     * @param most how many there may be
     * @param highest what none may be above
     */
    static void requireFalling(float[] sigmas, int most, float highest) {
        if (sigmas.length < 2 || sigmas.length > most) {
            throw new InvalidRequestException("sigmas", sigmas.length + " values", "from 2 to " + most + " values");
        }
        for (int i = 0; i < sigmas.length; i++) {
            float above = i == 0 ? Math.nextUp(highest) : sigmas[i - 1];
            if (!(sigmas[i] >= 0 && sigmas[i] < above)) {
                String limit = highest == Float.MAX_VALUE ? "finite" : "at most " + highest;
                throw new InvalidRequestException("sigmas[" + i + "]", sigmas[i], limit + ", 0 or above, and falling");
            }
        }
    }

    /** The time of a level: linear in the logarithm between training steps. */
    static double timestep(double sigma, float[] table) {
        double wanted = Math.log(Math.max(sigma, 1e-10));
        int below = 0;
        for (int i = 1; i < table.length - 1 && wanted >= log(table[i]); i++) {
            below = i;
        }
        double low = log(table[below]);
        double high = log(table[below + 1]);
        double weight = Math.clamp((low - wanted) / (low - high), 0.0, 1.0);
        return below + weight;
    }

    /** Rounded as the reference's table of logarithms is. */
    private static float log(float sigma) {
        return (float) Math.log(sigma);
    }
}
