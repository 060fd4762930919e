package dev.diffusion4j;

import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.EngineThread;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.VideoInputs;
import dev.diffusion4j.internal.engine.VideoOutput;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.VideoRequest;
import java.util.List;
import java.util.Optional;

/** One generation of a video on the model's thread. */
final class VideoRun {

    private final VideoRequest request;
    private final List<Lora> loras;
    private final Warnings warnings;
    private final ModelInfo info;
    private final String modelName;
    private final RunObserver observer;

    /**
     * @param request with everything that is said of a model's default
     * @param loras those of the user's request, without those that the prompt names
     * @param passes how many models take part in the steps
     */
    VideoRun(
            VideoRequest request,
            List<Lora> loras,
            int passes,
            GenerationListener listener,
            Warnings warnings,
            ModelInfo info,
            String modelName) {
        this.request = request;
        this.loras = loras;
        this.warnings = warnings;
        this.info = info;
        this.modelName = modelName;
        observer = new RunObserver(1, passes, listener, warnings);
    }

    GeneratedVideo run(EngineThread thread, Engine engine, CancellationFlag cancellation) {
        observer.begin();
        VideoInputs inputs = VideoInputs.of(request);
        VideoOutput output = thread.exclusively(() -> engine.generate(request, inputs, observer, cancellation));
        observer.end();
        VideoRequest own = request.toBuilder().loras(loras).build();
        VideoReport report = new VideoReport(own, modelName, Optional.of(info.runtime()), warnings.all());
        return new GeneratedVideo(output.frames(), output.audio().map(GeneratedAudio::new), report);
    }
}
