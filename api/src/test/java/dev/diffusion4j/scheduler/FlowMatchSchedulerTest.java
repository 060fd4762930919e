package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the schedulers of flow matching have beside the trajectories of {@link SchedulerParityTest}. */
@Tag("fast")
class FlowMatchSchedulerTest {

    private static final FlowMatchEulerScheduler DYNAMIC = FlowMatchEulerScheduler.builder()
            .dynamicShift(DynamicShift.FLUX)
            .timestepSpacing(TimestepSpacing.TRAILING)
            .build();

    @Test
    void muIsOnTheLineThroughBothLengths() {
        assertThat(DynamicShift.FLUX.mu(256)).isEqualTo(0.5, within(1e-12));
        assertThat(DynamicShift.FLUX.mu(4096)).isEqualTo(1.15, within(1e-12));
        assertThat(DynamicShift.FLUX.mu(2176)).isEqualTo(0.825, within(1e-12));
    }

    @Test
    void aDynamicShiftNeedsTheSizeOfThePicture() {
        Scheduler planned = DYNAMIC.withSteps(4);
        assertRefused("imageSeqLen", planned::timesteps);
        assertRefused("imageSeqLen", planned::initNoiseSigma);

        Scheduler small = planned.withImageSeqLen(256);
        Scheduler large = planned.withImageSeqLen(4096);
        assertThat(small.timesteps().getFirst().value()).isEqualTo(1000);
        assertThat(large.timesteps().get(2).value())
                .isGreaterThan(small.timesteps().get(2).value());
        assertThat(large.withImageSeqLen(256)).isEqualTo(small).isNotEqualTo(large);
    }

    @Test
    void aMuThatWasGivenStaysWhateverTheSize() {
        Scheduler planned = DYNAMIC.withMu(0.5).withSteps(4);
        assertThat(planned.withImageSeqLen(4096).timesteps()).isEqualTo(planned.timesteps());
        assertThat(planned.timesteps())
                .isEqualTo(DYNAMIC.withSteps(4).withImageSeqLen(256).timesteps());
    }

    @Test
    void otherSchedulersStayAsTheyAreForAnySize() {
        Scheduler euler = EulerScheduler.stableDiffusion().withSteps(4);
        assertThat(euler.withImageSeqLen(77)).isSameAs(euler);
        assertRefused("imageSeqLen", () -> euler.withImageSeqLen(0));
        assertRefused("imageSeqLen", () -> DYNAMIC.withImageSeqLen(0));
    }

    @Test
    void givenLevelsAreNotShifted() {
        FlowMatchScheduler given = (FlowMatchScheduler) DYNAMIC.withSigmas(1, 0.5f, 0);
        assertThat(given.sigmas()).containsExactly(1, 0.5f, 0);
        assertThat(given.timesteps()).containsExactly(new Timestep(0, 1000), new Timestep(1, 500));
        assertThat(((FlowMatchScheduler) given.withImageSeqLen(4096)).sigmas()).containsExactly(1, 0.5f, 0);
        assertRefused("sigmas[0]", () -> DYNAMIC.withSigmas(1.5f, 0));
        assertRefused("sigmas[1]", () -> DYNAMIC.withSigmas(1, Float.NaN));
        assertRefused("sigmas", () -> DYNAMIC.withSigmas(1));
    }

    @Test
    void refusesOptionsThatDoNotGoTogether() {
        FlowMatchEulerScheduler fixed = FlowMatchEulerScheduler.builder().build();
        assertRefused("mu", () -> fixed.withMu(1));
        assertRefused("mu", () -> DYNAMIC.withMu(Double.NaN));
        assertRefused("shift", () -> FlowMatchEulerScheduler.builder().shift(0).build());
        assertRefused("shift", () -> FlowMatchHeunScheduler.builder().shift(-1).build());
        assertRefused(
                "numTrainTimesteps",
                () -> FlowMatchHeunScheduler.builder().numTrainTimesteps(1).build());
        assertRefused(
                "shiftTerminal",
                () -> FlowMatchEulerScheduler.builder().shiftTerminal(1).build());
        assertRefused(
                "steps",
                () -> FlowMatchEulerScheduler.builder()
                        .shiftTerminal(0.1)
                        .build()
                        .withSteps(1));
        assertRefused(
                "useExponentialSigmas",
                () -> FlowMatchEulerScheduler.builder()
                        .useKarrasSigmas(true)
                        .useExponentialSigmas(true)
                        .build());
        assertRefused(
                "useBetaSigmas",
                () -> FlowMatchEulerScheduler.builder()
                        .useKarrasSigmas(true)
                        .useBetaSigmas(true)
                        .build());
        assertRefused(
                "timestepSpacing",
                () -> FlowMatchEulerScheduler.builder()
                        .timestepSpacing(TimestepSpacing.LEADING)
                        .build());
        assertRefused("baseShift", () -> new DynamicShift(Double.NaN, 1, 1, 2, TimeShiftType.LINEAR));
        assertRefused("baseImageSeqLen", () -> new DynamicShift(0, 1, 0, 2, TimeShiftType.LINEAR));
        assertRefused("maxImageSeqLen", () -> new DynamicShift(0, 1, 2, 2, TimeShiftType.LINEAR));
        DynamicShift falling = new DynamicShift(1, 0.5, 256, 512, TimeShiftType.LINEAR);
        assertRefused("imageSeqLen", () -> falling.mu(4096));
        assertRefused(
                "mu",
                () -> FlowMatchEulerScheduler.builder()
                        .dynamicShift(falling)
                        .build()
                        .withMu(0));
    }

    @Test
    void dpmSolverTakesFlowSigmasForModelsThatPredictFlowAndForTheseAlone() {
        DpmSolverMultistepScheduler.Builder flow =
                DpmSolverMultistepScheduler.builder().useFlowSigmas(true);
        assertRefused("useFlowSigmas", flow::build);
        assertRefused(
                "useFlowSigmas",
                () -> DpmSolverMultistepScheduler.builder()
                        .predictionType(PredictionType.FLOW)
                        .build());
        flow.predictionType(PredictionType.FLOW);
        assertRefused("flowShift", () -> flow.flowShift(0).build());
        flow.flowShift(1);
        assertRefused("useKarrasSigmas", () -> flow.useKarrasSigmas(true).build());
        flow.useKarrasSigmas(false);
        assertRefused(
                "finalSigmasType",
                () -> flow.finalSigmasType(FinalSigmasType.SIGMA_MIN).build());
        assertRefused(
                "algorithmType",
                () -> flow.algorithmType(DpmSolverAlgorithm.DPMSOLVER).build());
    }

    @Test
    void schedulersOverVariancesRefuseModelsThatPredictFlow() {
        for (DiscreteScheduler.Builder<?> builder : List.of(
                PndmScheduler.builder(),
                DdimScheduler.builder(),
                EulerScheduler.builder(),
                EulerAncestralScheduler.builder(),
                LmsScheduler.builder(),
                HeunScheduler.builder())) {
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(
                            () -> builder.predictionType(PredictionType.FLOW).build())
                    .withMessageContaining("flow-match-euler");
        }
        assertRefused(
                "predictionType",
                () -> EulerScheduler.builder()
                        .predictionType(PredictionType.FLUX_FLOW)
                        .build());
    }

    static Stream<Scheduler> written() {
        return Stream.of(
                DYNAMIC,
                DYNAMIC.withMu(0.7),
                DYNAMIC.withSteps(5).withImageSeqLen(1024),
                DYNAMIC.withSigmas(1, 0.25f, 0),
                SchedulerType.FLOW_MATCH_EULER.create(PredictionType.FLOW).withSteps(7, 0.5),
                SchedulerType.FLOW_MATCH_EULER.create(PredictionType.FLUX_FLOW),
                FlowMatchEulerScheduler.builder()
                        .shiftTerminal(0.02)
                        .useBetaSigmas(true)
                        .stochasticSampling(true)
                        .build(),
                SchedulerType.FLOW_MATCH_HEUN.create().withSteps(3),
                SchedulerType.DPM_SOLVER_MULTISTEP.create(PredictionType.FLOW).withSteps(3));
    }

    @ParameterizedTest
    @MethodSource("written")
    void isTheSameAfterJson(Scheduler scheduler) {
        String json = Json.write(SchedulerJson.write(scheduler));
        assertThat(SchedulerJson.read(JsonType.object(Json.read(json)))).isEqualTo(scheduler);
    }

    private static void assertRefused(String field, Runnable call) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(call::run)
                .returns(field, InvalidRequestException::field);
    }
}
