package dev.diffusion4j.micrometer;

import dev.diffusion4j.DelegatingModel;
import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.Generation;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.micrometer.GenerationContext.Outcome;
import dev.diffusion4j.request.ImageRequest;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model whose generations are observed: one observation named {@code diffusion4j.generation} for each, from the call that starts it
 * to its end. It is a child of the observation that is current on the caller's thread.
 *
 * {@snippet :
 * ObservationRegistry observations = ObservationRegistry.create();
 * observations.observationConfig()
 *         .observationHandler(new DefaultMeterObservationHandler(meters))
 *         .observationHandler(new GenerationMeters(meters));
 * try (DiffusionModel model = ObservedModel.open("sd15", () -> DiffusionModel.open(file), observations)) {
 *     model.textToImage("a red circle").generate();
 * }
 * }
 *
 * <p>Components that are used by themselves are not observed. Closing it closes the model that it observes. Safe for use by several
 * threads.
 */
public final class ObservedModel extends DelegatingModel {

    /** The name of the observation of opening a model. */
    public static final String LOAD = "diffusion4j.model.load";

    private static final GenerationConvention USUAL = new GenerationConvention();

    private final String name;
    private final DiffusionModel model;
    private final ObservationRegistry registry;
    private final GenerationConvention convention;

    private ObservedModel(
            String name, DiffusionModel model, ObservationRegistry registry, GenerationConvention convention) {
        this.name = Objects.requireNonNull(name, "name");
        this.model = Objects.requireNonNull(model, "model");
        this.registry = Objects.requireNonNull(registry, "registry");
        this.convention = Objects.requireNonNull(convention, "convention");
    }

    /** A model that is open already, by the name of its file, with the usual name and tags. */
    public static DiffusionModel of(DiffusionModel model, ObservationRegistry registry) {
        return of(model, registry, USUAL);
    }

    /** A model that is open already, by the name of its file, with a name and tags of your own. */
    public static DiffusionModel of(
            DiffusionModel model, ObservationRegistry registry, GenerationConvention convention) {
        return new ObservedModel(model.name(), model, registry, convention);
    }

    /** Opens a model with the usual name and tags, as {@link #open(String, Supplier, ObservationRegistry, GenerationConvention)}. */
    public static DiffusionModel open(
            String name, Supplier<? extends DiffusionModel> opening, ObservationRegistry registry) {
        return open(name, opening, registry, USUAL);
    }

    /**
     * Opens a model. That is observed, too, as {@value #LOAD} with the tag {@code diffusion4j.model}. Weights are read on first use,
     * which is a part of that generation.
     *
     * @param name what the model is called from now on, in tags too: no path
     * @param opening opens it; what it throws is thrown
     * @param registry where it is observed
     * @param convention the name and tags of its generations
     */
    public static DiffusionModel open(
            String name,
            Supplier<? extends DiffusionModel> opening,
            ObservationRegistry registry,
            GenerationConvention convention) {
        Supplier<DiffusionModel> observed = () -> new ObservedModel(name, opening.get(), registry, convention);
        return Objects.requireNonNull(Observation.createNotStarted(LOAD, registry)
                .contextualName("open " + name)
                .lowCardinalityKeyValue(GenerationDocumentation.LowCardinality.MODEL.asString(), name)
                .observe(observed));
    }

    /** As it was given when it was opened; otherwise that of its file. */
    @Override
    public String name() {
        return name;
    }

    @Override
    protected DiffusionModel delegate() {
        return model;
    }

    @Override
    public Generation<List<GeneratedImage>> startAll(ImageRequest request, GenerationListener listener) {
        GenerationContext context = new GenerationContext(this, request);
        Observation observation = begin(context);
        Generation<List<GeneratedImage>> generation;
        try {
            generation = model.startAll(request, listener.and(progressOf(context)));
        } catch (Throwable e) {
            end(observation, context, null, e);
            throw e;
        }
        generation.future().whenComplete((pictures, failure) -> end(observation, context, pictures, failure));
        return generation;
    }

    /** Its observation has ended when it returns. */
    @Override
    public List<GeneratedImage> generateAll(ImageRequest request, GenerationListener listener) {
        GenerationContext context = new GenerationContext(this, request);
        Observation observation = begin(context);
        List<GeneratedImage> pictures;
        try {
            pictures = model.generateAll(request, listener.and(progressOf(context)));
        } catch (Throwable e) {
            end(observation, context, null, e);
            throw e;
        }
        end(observation, context, pictures, null);
        return pictures;
    }

    private Observation begin(GenerationContext context) {
        return GenerationDocumentation.GENERATION
                .observation(null, convention, () -> context, registry)
                .start();
    }

    private static GenerationListener progressOf(GenerationContext context) {
        return GenerationListener.NONE.onProgress(context::progressed);
    }

    private static void end(
            Observation observation,
            GenerationContext context,
            @Nullable List<GeneratedImage> pictures,
            @Nullable Throwable failure) {
        Outcome outcome = outcome(failure);
        context.ended(outcome, pictures == null ? 0 : pictures.size());
        if (failure != null && outcome != Outcome.CANCELLED) {
            observation.error(failure);
        }
        observation.stop();
    }

    private static Outcome outcome(@Nullable Throwable failure) {
        return switch (failure) {
            case null -> Outcome.SUCCESS;
            case GenerationCancelledException _, CancellationException _ -> Outcome.CANCELLED;
            case InvalidRequestException _, QueueFullException _, ClosedException _ -> Outcome.REFUSED;
            default -> Outcome.ERROR;
        };
    }
}
