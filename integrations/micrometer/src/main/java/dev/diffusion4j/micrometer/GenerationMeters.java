package dev.diffusion4j.micrometer;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import java.util.Objects;

/**
 * Meters of what generations did, beside the timer {@code diffusion4j.generation} that Micrometer's own handler makes of their
 * observations:
 *
 * <ul>
 *   <li>{@code diffusion4j.queue.time}, a timer: how long generations waited for their turn. Those that got none do not count;
 *   <li>{@code diffusion4j.weights.load}, a timer: how long generations read weights that were needed for the first time. Those that
 *       found all do not count;
 *   <li>{@code diffusion4j.pictures}, a counter: pictures that were made;
 *   <li>{@code diffusion4j.steps}, a counter: denoising steps that were done, of cancelled generations, too.
 * </ul>
 *
 * <p>Their tag {@code diffusion4j.model} is the name of the model. They count when a generation ends.
 */
public final class GenerationMeters implements ObservationHandler<GenerationContext> {

    private final MeterRegistry registry;

    /** Meters in a registry. */
    public GenerationMeters(MeterRegistry registry) {
        this.registry = Objects.requireNonNull(registry, "registry");
    }

    @Override
    public void onStop(GenerationContext context) {
        Tags tags = Tags.of(GenerationDocumentation.LowCardinality.MODEL.asString(), context.modelName());
        context.waiting()
                .ifPresent(
                        time -> registry.timer("diffusion4j.queue.time", tags).record(time));
        if (context.loading().isPositive()) {
            registry.timer("diffusion4j.weights.load", tags).record(context.loading());
        }
        registry.counter("diffusion4j.pictures", tags).increment(context.pictures());
        registry.counter("diffusion4j.steps", tags).increment(context.steps());
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof GenerationContext;
    }
}
