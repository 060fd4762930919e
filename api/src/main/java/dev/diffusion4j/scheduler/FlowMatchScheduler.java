package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Tensor;

/**
 * Schedulers of flow matching (Lipman et al. 2022; Esser et al. 2024): latents are (1 - sigma) * x0 + sigma * noise, sigma
 * falls from 1 to 0, the model is told sigma times the number of training steps, and predicts the velocity noise - x0. Latents
 * are at the model's own scale throughout.
 */
public abstract sealed class FlowMatchScheduler extends PlannedScheduler
        permits FlowMatchEulerScheduler, FlowMatchHeunScheduler {

    private final SigmaPlan plan;
    private final int numTrainTimesteps;

    FlowMatchScheduler(int numTrainTimesteps, Run run, SigmaPlan plan, int callsPerStep) {
        super(numTrainTimesteps, run, done(run), plan.timesteps(), callsPerStep);
        this.plan = plan;
        this.numTrainTimesteps = numTrainTimesteps;
    }

    /** Rounded up, as the pipelines of these models do. */
    private static int done(Run run) {
        return run.steps() - (int) (run.steps() - run.steps() * run.strength());
    }

    /** Refuses what no training can have been. */
    static void requireTraining(int numTrainTimesteps, double shift) {
        if (numTrainTimesteps < 2 || numTrainTimesteps > SchedulerConfig.MAX_TRAIN_TIMESTEPS) {
            throw new InvalidRequestException(
                    "numTrainTimesteps", numTrainTimesteps, "from 2 to " + SchedulerConfig.MAX_TRAIN_TIMESTEPS);
        }
        if (!(shift > 0 && shift < Double.POSITIVE_INFINITY)) {
            throw new InvalidRequestException("shift", shift, "above 0 and finite");
        }
    }

    /** A level from 0 to 1, moved up by a fixed shift. */
    static double shifted(double sigma, double shift) {
        return shift * sigma / (1 + (shift - 1) * sigma);
    }

    /** Levels of equal steps from the highest to the lowest of training, each of which is shifted. */
    static double[] levelsOfTraining(int numTrainTimesteps, double shift, int steps) {
        double lowest = (float) shifted((float) (1.0 / numTrainTimesteps), shift);
        double[] levels = new double[steps];
        for (int i = 0; i < steps; i++) {
            levels[i] = i == 0 ? 1 : 1 - i * ((1 - lowest) / (steps - 1));
        }
        return levels;
    }

    /** The plan of levels in float32, which ends on none. */
    static SigmaPlan plan(double[] levels, int numTrainTimesteps) {
        float[] sigmas = new float[levels.length + 1];
        for (int i = 0; i < levels.length; i++) {
            sigmas[i] = (float) levels[i];
        }
        return over(sigmas, numTrainTimesteps);
    }

    /** The plan of given levels, the one to end on among them. */
    static SigmaPlan over(float[] sigmas, int numTrainTimesteps) {
        double[] timesteps = new double[sigmas.length - 1];
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = sigmas[i] * numTrainTimesteps;
        }
        return new SigmaPlan(timesteps, sigmas);
    }

    @Override
    public final boolean isForFlow() {
        return true;
    }

    /** The noise level at a place of the plan; one past the last call is the level it ends on. */
    final float sigma(int index) {
        return plan.sigmas()[index];
    }

    /**
     * The noise levels of the whole plan, falling: one per model call and the one it ends on.
     *
     * @throws InvalidRequestException if no number of steps was set
     */
    public final float[] sigmas() {
        requirePlan();
        return plan.sigmas().clone();
    }

    /**
     * A scheduler of the same options that steps over noise levels of your own as they are, such as the native runtime's:
     * nothing shifts them any more.
     *
     * @param sigmas two to the number of training steps and one more, falling, from 1 to 0; the last one is ended on
     * @throws InvalidRequestException if there are too few or too many, they do not fall, or one is above 1
     */
    public final Scheduler withSigmas(float... sigmas) {
        Sigmas.requireFalling(sigmas, numTrainTimesteps + 1, 1);
        return with(over(sigmas.clone()));
    }

    @Override
    public final void addNoise(Tensor latents, Tensor noise, Timestep timestep) {
        requirePlanned(timestep);
        requireSameShape(noise, latents);
        float sigma = sigma(timestep.index());
        Float32.mix(noise, sigma, latents, 1 - sigma, latents);
    }
}
