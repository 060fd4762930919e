package dev.diffusion4j.scheduler;

/**
 * Timesteps with their noise levels.
 *
 * @param timesteps one per model call, falling
 * @param sigmas one more than timesteps: the level of each call and the one that the last call ends on
 */
record SigmaPlan(double[] timesteps, float[] sigmas) {

    /** For schedulers whose number of steps was not set yet. */
    static final SigmaPlan NONE = new SigmaPlan(new double[0], new float[0]);

    /**
     * The plan of schedulers that call the model once a step.
     *
     * @param run what to plan for; not planned gives an empty plan
     * @param karras whether the levels between the first and the last follow Karras et al. 2022
     * @param ending the level to end on
     */
    static SigmaPlan of(SchedulerConfig config, DiscreteScheduler.Run run, boolean karras, FinalSigmasType ending) {
        int steps = run.steps();
        if (!run.isPlanned()) {
            return NONE;
        }
        float[] table = NoiseTable.of(config).withoutZero().sigmas();
        if (run.sigmas() != null) {
            return over(run.sigmas(), table);
        }
        double[] timesteps = Spacing.timesteps(config, steps);
        double[] levels = new double[steps];
        for (int i = 0; i < steps; i++) {
            timesteps[i] = (float) timesteps[i];
            levels[i] = Sigmas.at(timesteps[i], table);
        }
        if (karras) {
            levels = Sigmas.karras(levels[0], levels[steps - 1], steps);
            for (int i = 0; i < steps; i++) {
                timesteps[i] = Sigmas.timestep(levels[i], table);
            }
        }
        return new SigmaPlan(timesteps, ending(levels, ending, table));
    }

    /** The plan of given levels, at the times that training saw them. */
    private static SigmaPlan over(float[] sigmas, float[] table) {
        double[] timesteps = new double[sigmas.length - 1];
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = Sigmas.timestep(sigmas[i], table);
        }
        return new SigmaPlan(timesteps, sigmas);
    }

    /** The levels in float32, followed by the one to end on. */
    static float[] ending(double[] levels, FinalSigmasType ending, float[] table) {
        float[] sigmas = new float[levels.length + 1];
        for (int i = 0; i < levels.length; i++) {
            sigmas[i] = (float) levels[i];
        }
        sigmas[levels.length] = ending == FinalSigmasType.ZERO ? 0 : table[0];
        return sigmas;
    }

    /** The plan in which every step but the last calls the model at both of its ends. */
    SigmaPlan withBothEnds() {
        int steps = timesteps.length;
        if (steps == 0) {
            return NONE;
        }
        int calls = 2 * steps - 1;
        double[] times = new double[calls];
        float[] levels = new float[calls + 1];
        for (int i = 0; i < calls; i++) {
            times[i] = timesteps[(i + 1) / 2];
            levels[i] = sigmas[(i + 1) / 2];
        }
        levels[calls] = sigmas[steps];
        return new SigmaPlan(times, levels);
    }
}
