package dev.diffusion4j.spring.boot;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.micrometer.GenerationConvention;
import dev.diffusion4j.micrometer.ObservedModel;
import io.micrometer.observation.ObservationRegistry;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.context.SmartLifecycle;

/**
 * The models of the properties, by name. They are opened when the application has started, or when they are first used, and closed
 * when it stops: before the web server waits for requests in progress, so that these end at once, with
 * {@link dev.diffusion4j.error.GenerationCancelledException}. Safe for use by several threads.
 */
public final class DiffusionModels implements SmartLifecycle, AutoCloseable {

    private record Entry(ManagedModel model, boolean lazy) {}

    private final Map<String, Entry> models = new LinkedHashMap<>();
    private volatile boolean running;

    DiffusionModels(
            ModelDefaultsOfProperties defaults,
            ModelSource source,
            ObservationRegistry observations,
            GenerationConvention convention) {
        defaults.models()
                .forEach((name, model) -> models.put(
                        name,
                        new Entry(
                                new ManagedModel(
                                        name,
                                        cancellation -> ObservedModel.open(
                                                name, () -> source.open(model, cancellation), observations, convention),
                                        defaults.completion(name)),
                                model.isLazy())));
    }

    /** The names, the first one that of the model which is used where none is named. */
    public List<String> names() {
        return List.copyOf(models.keySet());
    }

    /**
     * A model. It is opened when it is used, if it was not before; what opening throws is thrown then.
     *
     * @throws InvalidRequestException if there is none of that name
     */
    public DiffusionModel get(String name) {
        Entry entry = models.get(name);
        if (entry == null) {
            throw new InvalidRequestException("model", name, "one of " + String.join(", ", models.keySet()));
        }
        return entry.model();
    }

    /** The model that is used where none is named. */
    public DiffusionModel first() {
        return models.values().iterator().next().model();
    }

    Collection<ManagedModel> managed() {
        return models.values().stream().map(Entry::model).toList();
    }

    /** Opens the models that are not lazy. Throws what opening throws. */
    @Override
    public void start() {
        managed().forEach(ManagedModel::reopen);
        models.values().stream()
                .filter(entry -> !entry.lazy())
                .forEach(entry -> entry.model().delegate());
        running = true;
    }

    /** Takes no more requests, cancels those that run or wait, and closes the models. */
    @Override
    public void stop() {
        running = false;
        managed().forEach(ManagedModel::close);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** As {@link #stop()}, for a context that did not come to start. */
    @Override
    public void close() {
        stop();
    }
}
