package dev.diffusion4j.scheduler;

import dev.diffusion4j.error.InvalidRequestException;
import java.util.Objects;

/**
 * What all schedulers share: how the model was trained and which of its timesteps are visited. Names as in diffusers.
 *
 * @param numTrainTimesteps how many noise levels the model was trained with, 2 to {@value #MAX_TRAIN_TIMESTEPS}
 * @param betaStart the first noise variance, above 0 and below 1
 * @param betaEnd the last noise variance, from betaStart to below 1
 * @param betaSchedule how the variance grows between them
 * @param rescaleBetasZeroSnr whether the variances are rescaled so that the last noise level holds no signal at all
 *     (Lin et al. 2023), for models trained that way
 * @param predictionType what the model predicts
 * @param timestepSpacing which timesteps are visited
 * @param stepsOffset added to the timesteps of {@link TimestepSpacing#LEADING}, from 0
 */
public record SchedulerConfig(
        int numTrainTimesteps,
        double betaStart,
        double betaEnd,
        BetaSchedule betaSchedule,
        boolean rescaleBetasZeroSnr,
        PredictionType predictionType,
        TimestepSpacing timestepSpacing,
        int stepsOffset) {

    /** The most training steps. */
    public static final int MAX_TRAIN_TIMESTEPS = 100_000;

    /**
     * @throws InvalidRequestException if a value is out of its range
     */
    public SchedulerConfig {
        Objects.requireNonNull(betaSchedule, "betaSchedule");
        Objects.requireNonNull(predictionType, "predictionType");
        Objects.requireNonNull(timestepSpacing, "timestepSpacing");
        if (numTrainTimesteps < 2 || numTrainTimesteps > MAX_TRAIN_TIMESTEPS) {
            throw new InvalidRequestException(
                    "numTrainTimesteps", numTrainTimesteps, "from 2 to " + MAX_TRAIN_TIMESTEPS);
        }
        if (!(betaStart > 0 && betaStart < 1)) {
            throw new InvalidRequestException("betaStart", betaStart, "above 0 and below 1");
        }
        if (!(betaEnd >= betaStart && betaEnd < 1)) {
            throw new InvalidRequestException("betaEnd", betaEnd, "from betaStart, " + betaStart + ", to below 1");
        }
        if (stepsOffset < 0 || stepsOffset >= numTrainTimesteps) {
            throw new InvalidRequestException("stepsOffset", stepsOffset, "from 0 to " + (numTrainTimesteps - 1));
        }
        switch (predictionType) {
            case EPSILON, V_PREDICTION, SAMPLE, FLOW -> {}
            case EDM_V, FLUX_FLOW, FLUX2_FLOW ->
                throw new InvalidRequestException(
                        "predictionType", predictionType, "epsilon, v_prediction, sample or flow");
        }
    }

    /** For schedulers over noise variances alone. */
    SchedulerConfig requireNoFlow() {
        if (predictionType.isFlow()) {
            throw new InvalidRequestException(
                    "predictionType",
                    predictionType,
                    "epsilon, v_prediction or sample; what predicts flow is stepped by flow-match-euler, flow-match-heun or"
                            + " dpm-solver-multistep with flow sigmas");
        }
        return this;
    }

    /** For schedulers over noise variances that do not know {@link PredictionType#SAMPLE} either. */
    SchedulerConfig requireOtherThanSample() {
        if (predictionType == PredictionType.SAMPLE) {
            throw new InvalidRequestException("predictionType", predictionType, "epsilon or v_prediction");
        }
        return requireNoFlow();
    }
}
