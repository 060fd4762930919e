package dev.diffusion4j;

import dev.diffusion4j.internal.component.ModelComponents;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.EngineThread;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.internal.pipeline.DenoisingLoop;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.SchedulerSampling;
import dev.diffusion4j.tensor.RandomSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One generation on the model's thread: prepares its pictures when its turn has come, and turns native ones into results. */
final class GenerationRun {

    private final ImageRequest request;
    private final List<Lora> loras;
    private final GenerationListener listener;
    private final Warnings warnings;
    private final ModelInfo info;
    private final String modelName;
    private final RunObserver observer;

    /**
     * @param request with everything that is said of a model's default
     * @param loras those of the user's request, without those that the prompt names
     */
    GenerationRun(
            ImageRequest request,
            List<Lora> loras,
            GenerationListener listener,
            Warnings warnings,
            ModelInfo info,
            String modelName) {
        this.request = request;
        this.loras = loras;
        this.listener = listener;
        this.warnings = warnings;
        this.info = info;
        this.modelName = modelName;
        observer = new RunObserver(request.batchCount(), passes(request), listener, warnings);
    }

    List<GeneratedImage> run(
            EngineThread thread,
            Engine engine,
            ModelComponents components,
            RandomSource random,
            CancellationFlag cancellation) {
        observer.begin();
        GenerationInputs inputs = GenerationInputs.of(request);
        List<RgbImage> pictures = switch (request.sampling()) {
            case NativeSampling _ -> thread.exclusively(() -> engine.generate(request, inputs, observer, cancellation));
            case SchedulerSampling sampling -> {
                DenoisingLoop.Settings settings = new DenoisingLoop.Settings(sampling.scheduler(), listener.steps());
                yield new DenoisingLoop(components, random, request, settings, observer, cancellation).run(inputs);
            }
        };
        observer.end();
        List<GeneratedImage> images = new ArrayList<>(pictures.size());
        for (int i = 0; i < pictures.size(); i++) {
            images.add(image(pictures.get(i), i));
        }
        return List.copyOf(images);
    }

    private static int passes(ImageRequest request) {
        return request.sampling() instanceof NativeSampling sampling
                        && sampling.highResFix().isPresent()
                ? 2
                : 1;
    }

    private GeneratedImage image(RgbImage picture, int index) {
        ImageRequest own = request.toBuilder()
                .loras(loras)
                .seed(request.seed().orElseThrow() + index)
                .batchCount(1)
                .build();
        return new GeneratedImage(picture, index, report(own));
    }

    private GenerationReport report(ImageRequest own) {
        return new GenerationReport(own, request.loras(), modelName, Optional.of(info.runtime()), warnings.all());
    }
}
