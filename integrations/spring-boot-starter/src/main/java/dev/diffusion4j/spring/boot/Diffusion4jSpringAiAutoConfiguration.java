package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.springai.Diffusion4jImageModel;
import dev.diffusion4j.springai.Diffusion4jImageOptions;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.image.observation.ImageModelObservationConvention;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * The image model of Spring AI, over the models of the properties or, without those, over an application's own {@link DiffusionModel}.
 * The property {@code spring.ai.model.image} says which provider is meant where there are several; this one is
 * {@code diffusion4j}.
 */
@AutoConfiguration(after = Diffusion4jAutoConfiguration.class)
@ConditionalOnProperty(
        name = "spring.ai.model.image",
        havingValue = Diffusion4jImageModel.PROVIDER,
        matchIfMissing = true)
@ConditionalOnBean(DiffusionModel.class)
public final class Diffusion4jSpringAiAutoConfiguration {

    /** For Spring. */
    Diffusion4jSpringAiAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    Diffusion4jImageModel diffusion4jImageModel(
            DiffusionModel model,
            ObjectProvider<ModelDefaultsOfProperties> defaults,
            ObjectProvider<DiffusionModels> models,
            ObjectProvider<ObservationRegistry> observations,
            ObjectProvider<ImageModelObservationConvention> convention) {
        Diffusion4jImageModel.Builder builder = Diffusion4jImageModel.builder()
                .observationRegistry(observations.getIfUnique(() -> ObservationRegistry.NOOP));
        convention.ifAvailable(builder::observationConvention);
        DiffusionModels all = models.getIfAvailable();
        if (all == null) {
            return builder.model(model).build();
        }
        ModelDefaultsOfProperties usual = defaults.getObject();
        for (String name : all.names()) {
            builder.model(name, all.get(name), options(usual, name));
        }
        return builder.build();
    }

    private static Diffusion4jImageOptions options(ModelDefaultsOfProperties usual, String name) {
        Diffusion4jImageOptions.Builder options = Diffusion4jImageOptions.builder();
        ImageProperties image = usual.applyTo(options, name);
        if (image.getStrength() != null) {
            options.strength(image.getStrength());
        }
        if (image.getTimeout() != null) {
            options.timeout(image.getTimeout());
        }
        return options.build();
    }
}
