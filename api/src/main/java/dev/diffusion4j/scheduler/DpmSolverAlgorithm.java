package dev.diffusion4j.scheduler;

/** The equation that {@link DpmSolverMultistepScheduler} solves; diffusers' {@code algorithm_type}. */
public enum DpmSolverAlgorithm {
    /** The probability-flow equation in the noise (Lu et al. 2022). */
    DPMSOLVER("dpmsolver", false, false),
    /** The probability-flow equation in x0 (Lu et al. 2023): the better one with guidance. */
    DPMSOLVER_PLUS_PLUS("dpmsolver++", true, false),
    /** The stochastic equation in the noise. */
    SDE_DPMSOLVER("sde-dpmsolver", false, true),
    /** The stochastic equation in x0. */
    SDE_DPMSOLVER_PLUS_PLUS("sde-dpmsolver++", true, true);

    private final String spelling;
    private final boolean predictsOriginal;
    private final boolean stochastic;

    DpmSolverAlgorithm(String spelling, boolean predictsOriginal, boolean stochastic) {
        this.spelling = spelling;
        this.predictsOriginal = predictsOriginal;
        this.stochastic = stochastic;
    }

    /** Whether the equation is in x0 rather than in the noise. */
    boolean predictsOriginal() {
        return predictsOriginal;
    }

    /** Whether each step adds fresh noise. */
    public boolean isStochastic() {
        return stochastic;
    }

    /** The spelling of diffusers, such as {@code sde-dpmsolver++}. */
    @Override
    public String toString() {
        return spelling;
    }
}
