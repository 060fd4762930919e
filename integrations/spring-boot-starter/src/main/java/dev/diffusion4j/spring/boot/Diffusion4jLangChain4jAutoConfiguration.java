package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.langchain4j.Diffusion4jImageModel;
import dev.langchain4j.model.image.ImageModel;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * The image model of LangChain4j, where {@code diffusion4j-langchain4j} is there and no other image model: over the first model of the
 * properties or, without those, over an application's own {@link DiffusionModel}.
 */
@AutoConfiguration(after = Diffusion4jAutoConfiguration.class)
@ConditionalOnClass(Diffusion4jImageModel.class)
@ConditionalOnBean(DiffusionModel.class)
public final class Diffusion4jLangChain4jAutoConfiguration {

    /** For Spring. */
    Diffusion4jLangChain4jAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(ImageModel.class)
    Diffusion4jImageModel diffusion4jLangChain4jImageModel(
            DiffusionModel model,
            ObjectProvider<ModelDefaultsOfProperties> defaults,
            ObjectProvider<DiffusionModels> models) {
        Diffusion4jImageModel.Builder builder = Diffusion4jImageModel.builder().model(model);
        DiffusionModels all = models.getIfAvailable();
        if (all != null) {
            ImageProperties image =
                    defaults.getObject().applyTo(builder, all.names().getFirst());
            if (image.getStrength() != null) {
                builder.strength(image.getStrength());
            }
            if (image.getTimeout() != null) {
                builder.timeout(image.getTimeout());
            }
        }
        return builder.build();
    }
}
