package dev.diffusion4j.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.Generation;
import dev.diffusion4j.demo.DemoModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** With the native library. */
class DemoModelTest {

    @Test
    void whatTheModelDrawsIsMetered() {
        MeterRegistry meters = new SimpleMeterRegistry();
        ObservationRegistry observations = ObservationRegistry.create();
        observations
                .observationConfig()
                .observationHandler(new DefaultMeterObservationHandler(meters))
                .observationHandler(new GenerationMeters(meters));
        new RuntimeMeters().bindTo(meters);
        try (DiffusionModel model =
                ObservedModel.open("demo", () -> DiffusionModel.open(DemoModel.path()), observations)) {
            new ModelMeters(model).bindTo(meters);
            new DeviceMeters().bindTo(meters);
            Generation<?> running = model.textToImage("a red circle").steps(3).start();
            Generation<?> waiting = model.textToImage("a red circle").steps(3).start();
            waiting.cancel();
            running.await();
            model.textToImage("a red circle").steps(2).generate();

            assertThat(meters.get("diffusion4j.generation")
                            .tag("diffusion4j.family", "SD 1.x")
                            .tag("diffusion4j.device", "CPU")
                            .timers())
                    .isNotEmpty();
            assertThat(meters.get("diffusion4j.steps").counter().count()).isGreaterThanOrEqualTo(2);
            assertThat(meters.get("diffusion4j.queue.size")
                            .tag("diffusion4j.model", "demo")
                            .gauge()
                            .value())
                    .isZero();
            assertThat(meters.get("diffusion4j.device.memory.total")
                            .tag("diffusion4j.device", "CPU")
                            .gauge()
                            .value())
                    .isPositive();
            assertThat(meters.get("diffusion4j.model.load").timer().count()).isEqualTo(1);
            assertThat(meters.get("diffusion4j.weights.load").timer().totalTime(TimeUnit.NANOSECONDS))
                    .isPositive();
            assertThat(meters.get("diffusion4j.models.open").gauge().value()).isEqualTo(1);
            assertThat(meters.get("diffusion4j.picture.memory").gauge().value()).isZero();
        }
        assertThat(meters.get("diffusion4j.models.open").gauge().value()).isZero();
    }
}
