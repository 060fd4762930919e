package dev.diffusion4j;

import dev.diffusion4j.pipeline.DenoisingStep;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ImageRequestBuilder;
import dev.diffusion4j.request.PreviewMode;
import java.util.List;
import java.util.function.Consumer;

/**
 * A request for pictures that is being made for a model, and what watches its run. Ends with {@link #generate()} and the like,
 * and may be run more than once; each run without a seed draws a new one. Used by one thread at a time.
 */
public final class ImageGeneration extends ImageRequestBuilder<ImageGeneration> {

    private final DiffusionModel model;
    private GenerationListener listener = GenerationListener.NONE;

    ImageGeneration(DiffusionModel model, ImageRequest start) {
        super(start);
        this.model = model;
    }

    @Override
    protected ImageGeneration self() {
        return this;
    }

    /** The request as a value, without the model and what watches. */
    public ImageRequest toRequest() {
        return request();
    }

    /** As {@link GenerationListener#onProgress}. */
    public ImageGeneration onProgress(Consumer<? super Progress> progress) {
        listener = listener.onProgress(progress);
        return this;
    }

    /** As {@link GenerationListener#onWarning}. */
    public ImageGeneration onWarning(Consumer<? super String> warnings) {
        listener = listener.onWarning(warnings);
        return this;
    }

    /** As {@link GenerationListener#onStep}. */
    public ImageGeneration onStep(Consumer<? super DenoisingStep> steps) {
        listener = listener.onStep(steps);
        return this;
    }

    /** As {@link GenerationListener#onPreview}. */
    public ImageGeneration onPreview(PreviewMode mode, int everySteps, Consumer<? super Preview> previews) {
        listener = listener.onPreview(mode, everySteps, previews);
        return this;
    }

    /** As {@link DiffusionModel#generate(ImageRequest, GenerationListener)}. */
    public GeneratedImage generate() {
        return model.generate(request(), listener);
    }

    /** As {@link DiffusionModel#generateAll(ImageRequest, GenerationListener)}. */
    public List<GeneratedImage> generateAll() {
        return model.generateAll(request(), listener);
    }

    /** As {@link DiffusionModel#start(ImageRequest, GenerationListener)}. */
    public Generation<GeneratedImage> start() {
        return model.start(request(), listener);
    }

    /** As {@link DiffusionModel#startAll(ImageRequest, GenerationListener)}. */
    public Generation<List<GeneratedImage>> startAll() {
        return model.startAll(request(), listener);
    }
}
