package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class SchedulerTypeTest {

    private static final Set<SchedulerType> OVER_VARIANCES = EnumSet.range(SchedulerType.PNDM, SchedulerType.DDIM);

    @ParameterizedTest
    @CsvSource({
        "pndm, PNDM",
        "PNDMScheduler, PNDM",
        "lms, LMS",
        "k-lms, LMS",
        "K_LMS, LMS",
        "LMSDiscreteScheduler, LMS",
        "heun, HEUN",
        "HeunDiscreteScheduler, HEUN",
        "dpm-solver-multistep, DPM_SOLVER_MULTISTEP",
        "DPM_SOLVER_MULTISTEP, DPM_SOLVER_MULTISTEP",
        "DPM-Solver++ multistep, DPM_SOLVER_MULTISTEP",
        "dpm-solver++, DPM_SOLVER_MULTISTEP",
        "dpmsolverpp, DPM_SOLVER_MULTISTEP",
        "dpm++2m, DPM_SOLVER_MULTISTEP",
        "DPM++ 2M, DPM_SOLVER_MULTISTEP",
        "dpmpp_2m, DPM_SOLVER_MULTISTEP",
        "DPMSolverMultistepScheduler, DPM_SOLVER_MULTISTEP",
        "euler, EULER",
        "EulerDiscreteScheduler, EULER",
        "euler-ancestral, EULER_ANCESTRAL",
        "Euler a, EULER_ANCESTRAL",
        "euler_a, EULER_ANCESTRAL",
        "EulerAncestralDiscreteScheduler, EULER_ANCESTRAL",
        "ddim, DDIM",
        "' DDIMScheduler ', DDIM",
        "flow-match-euler, FLOW_MATCH_EULER",
        "FlowMatchEulerDiscreteScheduler, FLOW_MATCH_EULER",
        "FlowMatchEulerScheduler, FLOW_MATCH_EULER",
        "FlowMatchHeunDiscreteScheduler, FLOW_MATCH_HEUN",
    })
    void isFoundByItsNames(String name, SchedulerType type) {
        assertThat(SchedulerType.of(name)).isEqualTo(type);
    }

    @ParameterizedTest
    @EnumSource
    void everyNameLeadsBackToItsType(SchedulerType type) {
        assertThat(SchedulerType.of(type.id())).isEqualTo(type);
        assertThat(SchedulerType.of(type.title())).isEqualTo(type);
        assertThat(SchedulerType.of(type.name())).isEqualTo(type);
        assertThat(type).hasToString(type.id());
    }

    @ParameterizedTest
    @EnumSource
    void createsItsScheduler(SchedulerType type) {
        Scheduler scheduler = type.create();

        assertThat(scheduler).isExactlyInstanceOf(type.implementation());
        assertThat(SchedulerType.of(scheduler)).isEqualTo(type);
        assertThat(SchedulerType.of(scheduler.withSteps(5))).isEqualTo(type);
        assertThat(scheduler.withSteps(5).timesteps()).isNotEmpty();
    }

    @Test
    void createsForOtherPredictions() {
        for (SchedulerType type : OVER_VARIANCES) {
            float[] ofNoise = step(type, PredictionType.EPSILON);
            assertThat(step(type, PredictionType.EPSILON)).as(type.title()).containsExactly(ofNoise);
            assertThat(step(type, PredictionType.V_PREDICTION)).as(type.title()).isNotEqualTo(ofNoise);
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesModelsOfTheOtherKindAndNamesWhatFits(SchedulerType type) {
        boolean forBoth = type == SchedulerType.DPM_SOLVER_MULTISTEP;
        PredictionType other = OVER_VARIANCES.contains(type) ? PredictionType.FLUX_FLOW : PredictionType.V_PREDICTION;
        if (forBoth) {
            assertThat(((PlannedScheduler) type.create(PredictionType.FLOW)).isForFlow())
                    .isTrue();
            assertThat(((PlannedScheduler) type.create()).isForFlow()).isFalse();
        } else {
            assertThatThrownBy(() -> type.create(other))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("predicts " + other)
                    .hasMessageContaining(OVER_VARIANCES.contains(type) ? "flow-match-euler" : "pndm, lms");
        }
    }

    private static float[] step(SchedulerType type, PredictionType prediction) {
        Scheduler scheduler = type.create(prediction).withSteps(5);
        Scheduler ready = scheduler.isStochastic() ? scheduler.withNoise(GoldenTrajectories.noise()) : scheduler;
        try (Tensor latents = Tensor.randomNormal(Shape.of(1, 4, 2, 2), 1);
                Tensor output = Tensor.randomNormal(Shape.of(1, 4, 2, 2), 2)) {
            ready.step(output, ready.timesteps().getFirst(), latents);
            return latents.toArray();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "scheduler", "euler b", "dpm", "unipc"})
    void unknownNamesAreRefusedWithAllThatThereAre(String name) {
        assertThatThrownBy(() -> SchedulerType.of(name))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("scheduler")
                .hasMessageContaining("pndm, lms, heun, dpm-solver-multistep, euler, euler-ancestral, ddim,"
                        + " flow-match-euler, flow-match-heun");
    }
}
