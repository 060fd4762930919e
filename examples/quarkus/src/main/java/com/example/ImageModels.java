package com.example;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.langchain4j.Diffusion4jImageModel;
import dev.langchain4j.model.image.ImageModel;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** One model for the whole application, and LangChain4j's view of it. */
@ApplicationScoped
class ImageModels {

    @Produces
    @ApplicationScoped
    DiffusionModel model() {
        return DiffusionModel.open(DemoModel.path());
    }

    /** When the application stops: what draws is cancelled. */
    void close(@Disposes DiffusionModel model) {
        model.close();
    }

    @Produces
    @Singleton
    ImageModel images(DiffusionModel model) {
        return Diffusion4jImageModel.builder().model(model).seed(42).build();
    }
}
