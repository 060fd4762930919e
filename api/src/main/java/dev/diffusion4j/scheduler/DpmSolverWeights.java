package dev.diffusion4j.scheduler;

/**
 * The weights of one exponential-integrator step between two noise levels (Lu et al. 2022 and 2023). The prediction is
 * expanded around the step's start in h, the step's length in log(alpha / sigma): value, first and second derivative
 * (times powers of h), each with the integral that it is weighted with. In float32 throughout, as the reference: the
 * differences of nearly equal numbers in short steps would show otherwise.
 *
 * @param sample the weight of the latents
 * @param value the weight of the prediction itself
 * @param slope the weight of the first derivative
 * @param curvature the weight of the second derivative
 * @param noise the weight of fresh noise, 0 for deterministic algorithms
 */
record DpmSolverWeights(float sample, float value, float slope, float curvature, float noise) {

    /**
     * @param midpoint whether the slope counts as constant, for half the value's weight
     * @param from the shares at the start
     * @param to the shares at the end; without noise it is for the value alone
     */
    static DpmSolverWeights of(DpmSolverAlgorithm algorithm, boolean midpoint, SignalAndNoise from, SignalAndNoise to) {
        float h = to.lambda() - from.lambda();
        float alphaTo = to.alpha();
        float sigmaTo = to.sigma();
        // In x0 the exponential falls along the step, in the noise it rises; with noise it does so twice as fast in x0.
        float x = algorithm.predictsOriginal() ? (algorithm.isStochastic() ? -2 * h : -h) : h;
        float scale = algorithm.predictsOriginal() ? -alphaTo : -sigmaTo;
        if (algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER) {
            scale *= 2;
        }
        float grown = exp(x) - 1;
        float value = scale * grown;
        float slope = midpoint ? value / 2 : scale * (grown / x - 1);
        // The reference adds the half in this one algorithm; by the expansion it would be taken away in all.
        float half = algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER_PLUS_PLUS ? -0.5f : 0.5f;
        float curvature = scale * ((grown - x) / (x * x) - half);
        float sample = algorithm.predictsOriginal() ? sigmaTo / from.sigma() : alphaTo / from.alpha();
        float noise = 0;
        if (algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER_PLUS_PLUS) {
            sample *= exp(-h);
            noise = sigmaTo * (float) Math.sqrt(1 - exp(-2 * h));
        } else if (algorithm == DpmSolverAlgorithm.SDE_DPMSOLVER) {
            noise = sigmaTo * (float) Math.sqrt(exp(2 * h) - 1);
        }
        return new DpmSolverWeights(sample, value, slope, curvature, noise);
    }

    private static float exp(float x) {
        return (float) Math.exp(x);
    }
}
