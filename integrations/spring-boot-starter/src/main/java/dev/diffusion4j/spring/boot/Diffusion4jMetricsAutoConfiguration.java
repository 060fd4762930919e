package dev.diffusion4j.spring.boot;

import dev.diffusion4j.micrometer.DeviceMeters;
import dev.diffusion4j.micrometer.GenerationMeters;
import dev.diffusion4j.micrometer.ModelMeters;
import dev.diffusion4j.micrometer.RuntimeMeters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Meters of what the models do, where there is a meter registry. Those of the devices' memory are there if
 * {@code diffusion4j.metrics.device-memory} is true: reading a GPU's makes a context on it.
 */
@AutoConfiguration(
        after = Diffusion4jAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration"
        })
@ConditionalOnBean({MeterRegistry.class, DiffusionModels.class})
public final class Diffusion4jMetricsAutoConfiguration {

    /** For Spring. */
    Diffusion4jMetricsAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    GenerationMeters generationMeters(MeterRegistry registry) {
        return new GenerationMeters(registry);
    }

    @Bean
    @ConditionalOnMissingBean
    RuntimeMeters runtimeMeters() {
        return new RuntimeMeters();
    }

    @Bean
    MeterBinder diffusion4jModelMeters(DiffusionModels models) {
        return registry -> models.names().forEach(name -> new ModelMeters(models.get(name)).bindTo(registry));
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBooleanProperty("diffusion4j.metrics.device-memory")
    DeviceMeters deviceMeters() {
        return new DeviceMeters();
    }
}
