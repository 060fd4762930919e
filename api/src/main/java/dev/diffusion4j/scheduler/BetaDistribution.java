package dev.diffusion4j.scheduler;

/** The symmetric beta distribution whose quantiles place noise levels (Lee et al. 2024, "Beta Sampling is All You Need"). */
final class BetaDistribution {

    /** Both of its shape parameters. */
    private static final double SHAPE = 0.6;

    /** The logarithm of the beta function of the two: 2 ln gamma(0.6) - ln gamma(1.2). */
    private static final double LOG_BETA = 2 * 0.398233858069235 - -0.085374090003316;

    private static final int HALVINGS = 60;
    private static final double PRECISION = 1e-16;
    private static final double TINY = 1e-300;

    private BetaDistribution() {}

    /** Where the cumulative probability reaches a value from 0 to 1. */
    static double quantile(double probability) {
        double low = 0;
        double high = 1;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            if (cumulative(middle) < probability) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    private static double cumulative(double x) {
        // The fraction below converges in the lower half; the distribution is symmetric.
        return x > 0.5 ? 1 - lower(1 - x) : lower(x);
    }

    private static double lower(double x) {
        return x == 0
                ? 0
                : Math.exp(SHAPE * Math.log(x) + SHAPE * Math.log1p(-x) - LOG_BETA) / SHAPE * continuedFraction(x);
    }

    /** DLMF 8.17.22, from the front (Lentz's method). */
    private static double continuedFraction(double x) {
        double c = 1;
        double d = 1 / (1 - 2 * SHAPE * x / (SHAPE + 1));
        double result = d;
        double factor = 0;
        for (int m = 1; Math.abs(factor - 1) > PRECISION && m < 200; m++) {
            double even = m * (SHAPE - m) * x / ((SHAPE + 2 * m - 1) * (SHAPE + 2 * m));
            d = 1 / nonZero(1 + even * d);
            c = nonZero(1 + even / c);
            result *= d * c;
            double odd = -(SHAPE + m) * (2 * SHAPE + m) * x / ((SHAPE + 2 * m) * (SHAPE + 2 * m + 1));
            d = 1 / nonZero(1 + odd * d);
            c = nonZero(1 + odd / c);
            factor = d * c;
            result *= factor;
        }
        return result;
    }

    private static double nonZero(double value) {
        return Math.abs(value) < TINY ? TINY : value;
    }
}
