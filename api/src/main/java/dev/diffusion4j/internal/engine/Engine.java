package dev.diffusion4j.internal.engine;

import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;

/**
 * What computes for an open model, in this process or in one of its own. Not thread-safe: the owner calls all methods on its
 * {@link EngineThread}.
 */
public interface Engine {

    /** What the runtime says of the model. */
    ModelInfo info();

    /**
     * Draws pictures by the runtime's own loop. An exception from the observer stops the native work and is rethrown.
     *
     * @param request in which nothing is left to the model but what the runtime decides; its pictures are not looked at
     * @param inputs the pictures
     * @return one picture per image of the batch
     */
    List<RgbImage> generate(
            ImageRequest request, GenerationInputs inputs, GenerationObserver observer, CancellationFlag cancellation);

    /**
     * Draws a video by the runtime's own loop, as {@link #generate(ImageRequest, GenerationInputs, GenerationObserver,
     * CancellationFlag)} does pictures.
     */
    VideoOutput generate(
            VideoRequest request, VideoInputs inputs, GenerationObserver observer, CancellationFlag cancellation);

    /** Runs one component. */
    void run(ComponentCall call, Watch watch);

    /** Applies LoRAs to the components until the next call or generation; an empty list takes them off. */
    void setLoras(List<Lora> loras, Watch watch);

    /** The noise levels of a schedule for pictures of a size, the last one 0. */
    float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size);

    /** A weight of the model's files, by the runtime's name of it; the caller's to close. */
    Tensor weight(String name);

    /** Frees the model. */
    void close();
}
