package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.hub.ModelHub;
import dev.diffusion4j.micrometer.GenerationConvention;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/**
 * The models of the properties, as the beans {@link DiffusionModels} and, of the first, {@link DiffusionModel}. An application that
 * has a {@link DiffusionModel} of its own has none of them.
 */
@AutoConfiguration
@Conditional(OnModelCondition.class)
@ConditionalOnMissingBean(DiffusionModel.class)
@EnableConfigurationProperties(Diffusion4jProperties.class)
public final class Diffusion4jAutoConfiguration {

    /** For Spring. */
    Diffusion4jAutoConfiguration() {}

    /** Where models are downloaded from that are given by a name; as the environment's variables say. */
    @Bean
    @ConditionalOnMissingBean
    ModelHub modelHub() {
        return ModelHub.create();
    }

    @Bean
    @ConditionalOnMissingBean
    ModelSource modelSource(ModelHub hub) {
        return new HubModelSource(hub);
    }

    @Bean
    ModelDefaultsOfProperties modelDefaults(Diffusion4jProperties properties, ModelSource source) {
        return new ModelDefaultsOfProperties(properties.all(), source);
    }

    @Bean
    DiffusionModels diffusionModels(
            ModelDefaultsOfProperties defaults,
            ModelSource source,
            ObjectProvider<ObservationRegistry> observations,
            ObjectProvider<GenerationConvention> convention) {
        return new DiffusionModels(
                defaults,
                source,
                observations.getIfUnique(() -> ObservationRegistry.NOOP),
                convention.getIfUnique(GenerationConvention::new));
    }

    /** Closed with the others. */
    @Bean(destroyMethod = "")
    DiffusionModel diffusionModel(DiffusionModels models) {
        return models.first();
    }
}
