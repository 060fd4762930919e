package dev.diffusion4j.cli.options;

import dev.diffusion4j.scheduler.PredictionType;

/** What models of the runtime predict, as it is typed. */
public enum PredictionKind {
    EPSILON(PredictionType.EPSILON),
    V(PredictionType.V_PREDICTION),
    EDM_V(PredictionType.EDM_V),
    FLOW(PredictionType.FLOW),
    FLUX_FLOW(PredictionType.FLUX_FLOW),
    FLUX2_FLOW(PredictionType.FLUX2_FLOW);

    private final PredictionType type;

    PredictionKind(PredictionType type) {
        this.type = type;
    }

    PredictionType type() {
        return type;
    }
}
