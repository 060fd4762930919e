package dev.diffusion4j.spring.boot;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** The health of the models, as {@code diffusion4j}; {@code management.health.diffusion4j.enabled} switches it off. */
@AutoConfiguration(after = Diffusion4jAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(DiffusionModels.class)
public final class Diffusion4jHealthAutoConfiguration {

    /** For Spring. */
    Diffusion4jHealthAutoConfiguration() {}

    @Bean
    @ConditionalOnEnabledHealthIndicator("diffusion4j")
    @ConditionalOnMissingBean(name = "diffusion4jHealthIndicator")
    HealthIndicator diffusion4jHealthIndicator(DiffusionModels models) {
        return new ModelHealthIndicator(models);
    }
}
