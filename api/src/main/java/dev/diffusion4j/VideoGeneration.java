package dev.diffusion4j;

import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.request.VideoRequestBuilder;
import java.util.function.Consumer;

/**
 * A request for a video that is being made for a model, and what watches its run. Ends with {@link #generate()} or {@link #start()},
 * and may be run more than once; each run without a seed draws a new one. Used by one thread at a time.
 */
public final class VideoGeneration extends VideoRequestBuilder<VideoGeneration> {

    private final DiffusionModel model;
    private GenerationListener listener = GenerationListener.NONE;

    VideoGeneration(DiffusionModel model, VideoRequest start) {
        super(start);
        this.model = model;
    }

    @Override
    protected VideoGeneration self() {
        return this;
    }

    /** The request as a value, without the model and what watches. */
    public VideoRequest toRequest() {
        return request();
    }

    /** As {@link GenerationListener#onProgress}. */
    public VideoGeneration onProgress(Consumer<? super Progress> progress) {
        listener = listener.onProgress(progress);
        return this;
    }

    /** As {@link GenerationListener#onWarning}. */
    public VideoGeneration onWarning(Consumer<? super String> warnings) {
        listener = listener.onWarning(warnings);
        return this;
    }

    /** As {@link GenerationListener#onPreview}: previews show the first frame. */
    public VideoGeneration onPreview(PreviewMode mode, int everySteps, Consumer<? super Preview> previews) {
        listener = listener.onPreview(mode, everySteps, previews);
        return this;
    }

    /** As {@link DiffusionModel#generate(VideoRequest, GenerationListener)}. */
    public GeneratedVideo generate() {
        return model.generate(request(), listener);
    }

    /** As {@link DiffusionModel#start(VideoRequest, GenerationListener)}. */
    public Generation<GeneratedVideo> start() {
        return model.start(request(), listener);
    }
}
