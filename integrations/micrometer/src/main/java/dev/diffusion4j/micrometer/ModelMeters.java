package dev.diffusion4j.micrometer;

import dev.diffusion4j.DiffusionModel;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Objects;

/**
 * A gauge of a model: {@code diffusion4j.queue.size}, how many generations wait for their turn. Its tag {@code diffusion4j.model} is
 * the name of the model. The registry does not keep the model from being collected.
 */
public final class ModelMeters implements MeterBinder {

    private final DiffusionModel model;

    /** Meters of a model. */
    public ModelMeters(DiffusionModel model) {
        this.model = Objects.requireNonNull(model, "model");
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("diffusion4j.queue.size", model, DiffusionModel::queuedGenerations)
                .description("Generations that wait for their turn")
                .tag(GenerationDocumentation.LowCardinality.MODEL.asString(), model.name())
                .register(registry);
    }
}
