package dev.diffusion4j.scheduler;

/**
 * The weights of one exponential-integrator step between two noise levels (Lu et al. 2022 and 2023). The prediction is
 * expanded around the step's start in h, the step's length in log(alpha / sigma): value, first and second derivative
 * (times powers of h), each with the integral that it is weighted with.
 *
 * @param sample the weight of the latents
 * @param value the weight of the prediction itself
 * @param slope the weight of the first derivative
 * @param curvature the weight of the second derivative
 * @param noise the weight of fresh noise, 0 for deterministic algorithms
 */
record DpmSolverWeights(double sample, double value, double slope, double curvature, double noise) {

    /**
     * @param midpoint whether the slope counts as constant, for half the value's weight
     * @param from the noise level (sigma / alpha) at the start
     * @param to the noise level at the end; 0 is for the value alone
     */
    static DpmSolverWeights of(DpmSolverAlgorithm algorithm, boolean midpoint, double from, double to) {
        double h = Math.log(from) - Math.log(to);
        double alphaFrom = alpha(from);
        double alphaTo = alpha(to);
        double sigmaTo = to * alphaTo;
        // In x0 the exponential falls along the step, in the noise it rises; with noise it does so twice as fast in x0.
        double x = algorithm.predictsOriginal() ? (algorithm.isStochastic() ? -2 * h : -h) : h;
        double scale = algorithm.predictsOriginal() ? -alphaTo : -sigmaTo;
        if (algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER) {
            scale *= 2;
        }
        double grown = Math.expm1(x);
        double value = scale * grown;
        double slope = midpoint ? value / 2 : scale * (grown / x - 1);
        // The reference adds the half in this one algorithm; by the expansion it would be taken away in all.
        double half = algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER_PLUS_PLUS ? -0.5 : 0.5;
        double curvature = scale * ((grown - x) / (x * x) - half);
        double sample = algorithm.predictsOriginal() ? sigmaTo / (from * alphaFrom) : alphaTo / alphaFrom;
        double noise = 0;
        if (algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER_PLUS_PLUS) {
            sample *= Math.exp(-h);
            noise = sigmaTo * Math.sqrt(-Math.expm1(-2 * h));
        } else if (algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER) {
            noise = sigmaTo * Math.sqrt(Math.expm1(2 * h));
        }
        return new DpmSolverWeights(sample, value, slope, curvature, noise);
    }

    /** The signal's share at a noise level. */
    static double alpha(double sigma) {
        return 1 / Math.sqrt(sigma * sigma + 1);
    }
}
