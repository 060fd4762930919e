package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What schedulers are called in reports. */
@Tag("fast")
class SchedulerNameTest {

    private static class Mine implements Scheduler {

        @Override
        public Scheduler withSteps(int steps, double strength) {
            return this;
        }

        @Override
        public Scheduler withNoise(NormalGenerator noise) {
            return this;
        }

        @Override
        public boolean isStochastic() {
            return false;
        }

        @Override
        public int steps() {
            return 1;
        }

        @Override
        public List<Timestep> timesteps() {
            return List.of(new Timestep(0, 999));
        }

        @Override
        public double initNoiseSigma() {
            return 1;
        }

        @Override
        public void scaleModelInput(Tensor latents, Timestep timestep, Tensor destination) {}

        @Override
        public void step(Tensor modelOutput, Timestep timestep, Tensor latents) {}

        @Override
        public void addNoise(Tensor latents, Tensor noise, Timestep timestep) {}
    }

    @ParameterizedTest
    @EnumSource(SchedulerType.class)
    void oursAreNamedByTheirTitlesWhateverTheirPlan(SchedulerType type) {
        assertThat(type.create().name()).isEqualTo(type.title());
        assertThat(type.create().withSteps(7).name()).isEqualTo(type.title());
    }

    @Test
    void othersAreNamedByTheirClassOrThemselves() {
        Scheduler itself = new Mine() {
            @Override
            public String name() {
                return "DPM++ of mine";
            }
        };
        assertThat(new Mine().name()).isEqualTo("Mine");
        assertThat(new Mine() {}.name()).matches("SchedulerNameTest\\$\\d+");
        assertThat(itself.name()).isEqualTo("DPM++ of mine");
    }
}
