package dev.diffusion4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.micrometer.DeviceMeters;
import dev.diffusion4j.micrometer.GenerationMeters;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class MetricsTest {

    private final FakeSource source = new FakeSource();
    private final ApplicationContextRunner bare = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    Diffusion4jAutoConfiguration.class, Diffusion4jMetricsAutoConfiguration.class))
            .withBean(ModelSource.class, () -> source)
            .withPropertyValues("diffusion4j.model=one", "diffusion4j.lazy=true");
    private final ApplicationContextRunner application = bare.withConfiguration(AutoConfigurations.of(
            MetricsAutoConfiguration.class,
            CompositeMeterRegistryAutoConfiguration.class,
            SimpleMetricsExportAutoConfiguration.class,
            ObservationAutoConfiguration.class));

    @Test
    void generationsAndQueuesAreMetered() {
        application.run(context -> {
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            assertThat(meters.get("diffusion4j.queue.size")
                            .tag("diffusion4j.model", "one")
                            .gauge()
                            .value())
                    .isZero();
            assertThat(source.opened).isEmpty();

            context.getBean(DiffusionModel.class).textToImage("a star").steps(3).generate();

            assertThat(meters.get("diffusion4j.pictures").counter().count()).isEqualTo(1);
            assertThat(meters.get("diffusion4j.steps").counter().count()).isEqualTo(3);
            assertThat(meters.get("diffusion4j.generation")
                            .tag("diffusion4j.outcome", "success")
                            .timer()
                            .count())
                    .isEqualTo(1);
        });
    }

    @Test
    void withoutAMeterRegistryThereAreNone() {
        bare.run(context -> {
            assertThat(context).hasNotFailed().doesNotHaveBean(GenerationMeters.class);
            assertThat(context.getBean(DiffusionModel.class)
                            .textToImage("a star")
                            .generate())
                    .isNotNull();
        });
    }

    @Test
    void theMemoryOfDevicesIsMeteredWhereThatIsAskedFor() {
        application.run(context -> assertThat(context).doesNotHaveBean(DeviceMeters.class));
        application
                .withPropertyValues("diffusion4j.metrics.device-memory=true")
                .run(context -> assertThat(context.getBean(MeterRegistry.class)
                                .get("diffusion4j.device.memory.total")
                                .tag("diffusion4j.device", "CPU")
                                .gauge()
                                .value())
                        .isPositive());
    }
}
