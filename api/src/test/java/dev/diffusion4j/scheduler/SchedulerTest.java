package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("fast")
class SchedulerTest {

    private static final Shape SHAPE = Shape.of(1, 4, 2, 2);

    static Stream<Scheduler> schedulers() {
        return Stream.of(
                PndmScheduler.stableDiffusion(),
                PndmScheduler.builder().build(),
                LmsScheduler.stableDiffusion(),
                HeunScheduler.stableDiffusion(),
                EulerScheduler.stableDiffusion(),
                EulerAncestralScheduler.stableDiffusion(),
                DdimScheduler.stableDiffusion(),
                DdimScheduler.builder().stableDiffusion().eta(1).build(),
                DpmSolverMultistepScheduler.stableDiffusion(),
                DpmSolverMultistepScheduler.builder().solverOrder(3).build(),
                SchedulerType.DPM_SOLVER_MULTISTEP.create(PredictionType.FLOW),
                SchedulerType.FLOW_MATCH_EULER.create(),
                FlowMatchEulerScheduler.builder().stochasticSampling(true).build(),
                SchedulerType.FLOW_MATCH_HEUN.create());
    }

    private static float[] run(Scheduler scheduler, Tensor latents) {
        Scheduler ready =
                scheduler.isStochastic() ? scheduler.withNoise(NormalGenerator.of(RandomSource.CPU, 1)) : scheduler;
        return runAgain(ready, latents);
    }

    private static float[] runAgain(Scheduler scheduler, Tensor latents) {
        try (Tensor work = latents.copy();
                Tensor input = Tensor.zeros(latents.shape());
                Tensor output = Tensor.zeros(latents.shape())) {
            work.scale(scheduler.initNoiseSigma());
            for (Timestep t : scheduler.timesteps()) {
                scheduler.scaleModelInput(work, t, input);
                GoldenTrajectories.model(input, t, output);
                scheduler.step(output, t, work);
            }
            return work.toArray();
        }
    }

    @ParameterizedTest
    @MethodSource("schedulers")
    void forgetsAnEarlierLoop(Scheduler scheduler) {
        try (Tensor latents = Tensor.randomNormal(SHAPE, 1);
                Tensor others = Tensor.randomNormal(Shape.of(2, 3), 2)) {
            Scheduler planned = scheduler.withSteps(6);
            float[] fresh = run(planned, latents);
            if (!planned.isStochastic()) {
                runAgain(planned, others);
                assertThat(runAgain(planned, latents)).containsExactly(fresh);
            }
            assertThat(run(scheduler.withSteps(6), latents)).containsExactly(fresh);
        }
    }

    @ParameterizedTest
    @MethodSource("schedulers")
    void needsAPlan(Scheduler scheduler) {
        try (Tensor latents = Tensor.zeros(SHAPE)) {
            assertRefused("steps", scheduler::timesteps);
            assertRefused("steps", scheduler::initNoiseSigma);
            assertRefused("steps", () -> scheduler.step(latents, new Timestep(0, 1), latents));
        }
        assertRefused("steps", () -> scheduler.withSteps(0));
        assertRefused("steps", () -> scheduler.withSteps(1001));
        assertRefused("strength", () -> scheduler.withSteps(10, 0));
        assertRefused("strength", () -> scheduler.withSteps(10, 1.1));
        if (scheduler instanceof FlowMatchScheduler) {
            assertThat(scheduler.withSteps(10, 0.05).timesteps()).hasSize(1);
        } else {
            assertRefused("strength", () -> scheduler.withSteps(10, 0.05));
        }
        assertRefused("strength", () -> scheduler.withSteps(10, Double.NaN));
    }

    @ParameterizedTest
    @MethodSource("schedulers")
    void refusesStepsOutOfOrder(Scheduler scheduler) {
        Scheduler planned = scheduler.withSteps(8);
        Scheduler ready = planned.isStochastic() ? planned.withNoise(GoldenTrajectories.noise()) : planned;
        List<Timestep> timesteps = ready.timesteps();
        try (Tensor latents = Tensor.zeros(SHAPE);
                Tensor output = Tensor.zeros(SHAPE);
                Tensor misshapen = Tensor.zeros(Shape.of(16))) {
            assertRefused("timestep.index", () -> ready.step(output, timesteps.get(1), latents));
            ready.step(output, timesteps.get(0), latents);
            assertRefused("timestep.index", () -> ready.step(output, timesteps.get(2), latents));
            assertRefused("latents", () -> ready.step(misshapen, timesteps.get(1), misshapen));
            assertRefused("shape", () -> ready.step(misshapen, timesteps.get(1), latents));
            assertRefused("timestep", () -> ready.step(output, new Timestep(1, 0.5f), latents));
            assertRefused("timestep", () -> ready.step(output, new Timestep(999, 1), latents));
            assertRefused("timestep", () -> ready.addNoise(latents, output, new Timestep(999, 1)));
            assertRefused("shape", () -> ready.addNoise(latents, misshapen, timesteps.get(1)));
            ready.step(output, timesteps.get(1), latents);
        }
    }

    @ParameterizedTest
    @MethodSource("schedulers")
    void refusesClosedTensors(Scheduler scheduler) {
        Scheduler planned = scheduler.withSteps(8);
        Scheduler ready = planned.isStochastic() ? planned.withNoise(GoldenTrajectories.noise()) : planned;
        Tensor closed = Tensor.zeros(SHAPE);
        closed.close();
        try (Tensor open = Tensor.zeros(SHAPE)) {
            Timestep first = ready.timesteps().getFirst();
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> ready.step(closed, first, open));
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> ready.step(open, first, closed));
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> ready.scaleModelInput(closed, first, open));
        }
    }

    @ParameterizedTest
    @MethodSource("schedulers")
    void leavesTheModelsOutputAndInputAsTheyAre(Scheduler scheduler) {
        Scheduler planned = scheduler.withSteps(5);
        Scheduler ready = planned.isStochastic() ? planned.withNoise(GoldenTrajectories.noise()) : planned;
        try (Tensor latents = Tensor.randomNormal(SHAPE, 1);
                Tensor input = Tensor.zeros(SHAPE);
                Tensor output = Tensor.randomNormal(SHAPE, 2)) {
            float[] noise = output.toArray();
            for (Timestep t : ready.timesteps()) {
                float[] before = latents.toArray();
                ready.scaleModelInput(latents, t, input);
                assertThat(latents.toArray()).containsExactly(before);
                ready.step(output, t, latents);
                assertThat(output.toArray()).containsExactly(noise);
            }
        }
    }

    @Test
    void needsNoiseOnlyWhereItIsUsed() {
        assertThat(schedulers().filter(Scheduler::isStochastic)).hasSize(3);
        Scheduler scheduler = EulerAncestralScheduler.stableDiffusion().withSteps(4);
        try (Tensor latents = Tensor.zeros(SHAPE);
                Tensor output = Tensor.zeros(SHAPE)) {
            assertRefused(
                    "noise", () -> scheduler.step(output, scheduler.timesteps().getFirst(), latents));
        }
    }

    @Test
    void plansAsTheOriginalStableDiffusionDid() {
        List<Timestep> timesteps = PndmScheduler.stableDiffusion().withSteps(50).timesteps();
        assertThat(timesteps).hasSize(51);
        assertThat(timesteps.stream().limit(4).map(Timestep::value)).containsExactly(981f, 961f, 961f, 941f);
        assertThat(timesteps.getLast()).isEqualTo(new Timestep(50, 1));
    }

    @Test
    void startsImageToImageLate() {
        Scheduler scheduler = EulerScheduler.stableDiffusion().withSteps(20, 0.75);
        assertThat(scheduler.timesteps()).hasSize(15);
        assertThat(scheduler.timesteps().getFirst().index()).isEqualTo(5);
        assertThat(scheduler.steps()).isEqualTo(20);
        assertThat(HeunScheduler.stableDiffusion().withSteps(20, 0.5).timesteps())
                .hasSize(19);
    }

    @Test
    void plansOneStepAndAllSteps() {
        try (Tensor latents = Tensor.randomNormal(SHAPE, 1)) {
            schedulers().filter(s -> !s.toString().startsWith("Pndm")).forEach(scheduler -> {
                for (float value : run(scheduler.withSteps(1), latents)) {
                    assertThat(value).isFinite();
                }
            });
            assertThat(EulerScheduler.stableDiffusion().withSteps(1000).timesteps())
                    .hasSize(1000);
        }
    }

    @Test
    void showsNoiseLevels() {
        EulerScheduler scheduler = (EulerScheduler) EulerScheduler.builder()
                .stableDiffusion()
                .useKarrasSigmas(true)
                .build()
                .withSteps(10);
        float[] sigmas = scheduler.sigmas();
        assertThat(sigmas).hasSize(11);
        assertThat(sigmas[0]).isEqualTo(14.6146f, within(1e-3f));
        assertThat(sigmas[10]).isZero();
        assertThat(scheduler.initNoiseSigma()).isEqualTo(sigmas[0]);
    }

    @Test
    void stepsOverGivenNoiseLevels() {
        HeunScheduler heun = HeunScheduler.stableDiffusion();
        Scheduler scheduler = heun.withSigmas(14.6f, 3, 1, 0);
        assertThat(scheduler.steps()).isEqualTo(3);
        assertThat(scheduler.timesteps()).hasSize(5);
        assertThat(scheduler.initNoiseSigma()).isEqualTo(14.6, within(1e-6));
        assertRefused("sigmas", () -> heun.withSigmas(1));
        assertRefused("sigmas[1]", () -> heun.withSigmas(1, 1, 0));
        assertRefused("sigmas[1]", () -> heun.withSigmas(1, -1));
        assertRefused("sigmas[0]", () -> heun.withSigmas(Float.POSITIVE_INFINITY, 1));
        assertRefused("sigmas[0]", () -> heun.withSigmas(Float.NaN, 1));
    }

    @Test
    void refusesOptionsThatDoNotGoTogether() {
        assertRefused(
                "predictionType",
                () -> PndmScheduler.builder()
                        .predictionType(PredictionType.SAMPLE)
                        .build());
        assertRefused(
                "predictionType",
                () -> EulerAncestralScheduler.builder()
                        .predictionType(PredictionType.SAMPLE)
                        .build());
        assertRefused("steps", () -> PndmScheduler.builder().build().withSteps(3));
        assertRefused("strength", () -> PndmScheduler.builder().build().withSteps(10, 0.5));
        assertRefused("stepsOffset", () -> DdimScheduler.stableDiffusion().withSteps(1000));
        assertRefused("eta", () -> DdimScheduler.builder().eta(1.5).build());
        assertRefused(
                "clipSampleRange",
                () -> DdimScheduler.builder().clipSampleRange(0).build());
        assertRefused(
                "solverOrder",
                () -> DpmSolverMultistepScheduler.builder().solverOrder(4).build());
        assertRefused(
                "solverOrder",
                () -> DpmSolverMultistepScheduler.builder()
                        .solverOrder(3)
                        .algorithmType(DpmSolverAlgorithm.SDE_DPMSOLVER)
                        .finalSigmasType(FinalSigmasType.SIGMA_MIN)
                        .build());
        assertRefused(
                "finalSigmasType",
                () -> DpmSolverMultistepScheduler.builder()
                        .algorithmType(DpmSolverAlgorithm.DPMSOLVER)
                        .build());
        assertRefused("betaStart", () -> EulerScheduler.builder().betaStart(0).build());
        assertRefused("betaEnd", () -> EulerScheduler.builder().betaEnd(0.00001).build());
        assertRefused(
                "numTrainTimesteps",
                () -> EulerScheduler.builder().numTrainTimesteps(1).build());
    }

    @Test
    void refusesOddTimesteps() {
        assertRefused("timestep.index", () -> new Timestep(-1, 0));
        assertRefused("timestep.value", () -> new Timestep(0, -1));
        assertRefused("timestep.value", () -> new Timestep(0, Float.NaN));
    }

    private static void assertRefused(String field, Runnable call) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(call::run)
                .returns(field, InvalidRequestException::field);
    }
}
