package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.diffusion4j.scheduler.GoldenTrajectories.Trajectory;
import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.RandomSource;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every step of full trajectories against diffusers 0.42.1: within 1e-5 of the largest value of a step's latents.
 */
@Tag("fast")
class SchedulerParityTest {

    private static final double TOLERANCE = 1e-5;

    static Stream<Trajectory> trajectories() {
        return Stream.of(
                        "PNDMScheduler",
                        "LMSDiscreteScheduler",
                        "HeunDiscreteScheduler",
                        "EulerDiscreteScheduler",
                        "EulerAncestralDiscreteScheduler",
                        "DDIMScheduler",
                        "DPMSolverMultistepScheduler",
                        "FlowMatchEulerDiscreteScheduler",
                        "FlowMatchHeunDiscreteScheduler")
                .flatMap(name -> GoldenTrajectories.read(name).stream());
    }

    @ParameterizedTest
    @MethodSource("trajectories")
    void everyStepEqualsTheReference(Trajectory golden) {
        Scheduler scheduler = planned(golden);
        NormalGenerator noise = golden.options().has("torch_seed")
                ? NormalGenerator.of(
                        RandomSource.CPU, golden.options().get("torch_seed").asLong())
                : GoldenTrajectories.noise();
        if (scheduler.isStochastic()) {
            scheduler = scheduler.withNoise(noise);
        }
        assertPlan(scheduler, golden);

        try (Tensor latents = Tensor.zeros(GoldenTrajectories.SHAPE);
                Tensor input = Tensor.zeros(GoldenTrajectories.SHAPE);
                Tensor output = Tensor.zeros(GoldenTrajectories.SHAPE)) {
            begin(scheduler, golden, noise, latents, output);
            assertClose(latents, golden.rows()[0], TOLERANCE, golden + " at the start");
            int row = 0;
            for (Timestep t : scheduler.timesteps()) {
                scheduler.scaleModelInput(latents, t, input);
                GoldenTrajectories.model(input, t, output);
                scheduler.step(output, t, latents);
                assertClose(latents, golden.rows()[++row], TOLERANCE, golden + " after " + t);
            }
        }
    }

    private static Scheduler planned(Trajectory golden) {
        JsonNode options = golden.options();
        Scheduler scheduler = GoldenOptions.scheduler(golden.scheduler(), options);
        if (golden.sigmas().length > 0) {
            return scheduler instanceof SigmaScheduler levels
                    ? levels.withSigmas(golden.sigmas())
                    : ((FlowMatchScheduler) scheduler).withSigmas(golden.sigmas());
        }
        Scheduler planned = scheduler.withSteps(golden.steps(), golden.strength());
        if (options.has("mu")) {
            return ((FlowMatchEulerScheduler) planned).withMu(options.get("mu").asDouble());
        }
        return options.has("image_seq_len")
                ? planned.withImageSeqLen(options.get("image_seq_len").asInt())
                : planned;
    }

    private static void begin(
            Scheduler scheduler, Trajectory golden, NormalGenerator noise, Tensor latents, Tensor scratch) {
        if (golden.strength() < 1) {
            GoldenTrajectories.clean(latents);
            GoldenTrajectories.noise(0, scratch);
            scheduler.addNoise(latents, scratch, scheduler.timesteps().getFirst());
        } else {
            if (golden.options().has("torch_seed")) {
                noise.fill(latents);
            } else {
                GoldenTrajectories.start(latents);
            }
            latents.scale(scheduler.initNoiseSigma());
        }
    }

    private static void assertPlan(Scheduler scheduler, Trajectory golden) {
        List<Timestep> timesteps = scheduler.timesteps();
        assertThat(timesteps).as("%s", golden).hasSize(golden.timesteps().length);
        for (int i = 0; i < timesteps.size(); i++) {
            double expected = golden.timesteps()[i];
            assertThat((double) timesteps.get(i).value())
                    .as("%s, timestep %d", golden, i)
                    .isCloseTo(expected, within(TOLERANCE * Math.max(1, expected)));
        }
        assertThat(scheduler.initNoiseSigma())
                .as("%s", golden)
                .isCloseTo(golden.initNoiseSigma(), within(TOLERANCE * golden.initNoiseSigma()));
    }

    private static void assertClose(Tensor latents, float[] expected, double tolerance, String where) {
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(latents.getFlat(i) - expected[i]));
        }
        assertThat(error / largest).as(where).isLessThanOrEqualTo(tolerance);
    }
}
