package dev.diffusion4j;

import dev.diffusion4j.internal.CancellationFlag;
import dev.diffusion4j.internal.GenerationInputs;
import dev.diffusion4j.internal.GenerationObserver;
import dev.diffusion4j.internal.Model;
import dev.diffusion4j.internal.ModelThread;
import dev.diffusion4j.internal.RgbImage;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One generation on the model's thread: prepares its pictures, turns native reports into events and native pictures into
 * results.
 */
final class GenerationRun implements GenerationObserver {

    private final StableDiffusion model;
    private final GenerationParameters parameters;
    private final Supplier<GenerationInputs> inputs;
    private final Consumer<? super Progress> progressListener;
    private final GenerationRequest.PreviewSettings preview;
    private final Warnings warnings;
    private final Optional<DenoisingLoop.Settings> loop;
    private ProgressTracker tracker;

    /**
     * @param inputs asked for when the generation's turn has come, so that those that wait hold no copies of pictures
     * @param progressListener may be null
     * @param preview may be null
     */
    GenerationRun(
            StableDiffusion model,
            GenerationParameters parameters,
            Supplier<GenerationInputs> inputs,
            Consumer<? super Progress> progressListener,
            GenerationRequest.PreviewSettings preview,
            Warnings warnings,
            Optional<DenoisingLoop.Settings> loop) {
        this.model = model;
        this.parameters = parameters;
        this.inputs = inputs;
        this.progressListener = progressListener == null ? progress -> {} : progressListener;
        this.preview = preview;
        this.warnings = warnings;
        this.loop = loop;
    }

    List<GeneratedImage> run(ModelThread thread, Model engine, CancellationFlag cancellation) {
        int passes = parameters.highResFix().isPresent() ? 2 : 1;
        tracker = new ProgressTracker(parameters.batchCount(), passes, progressListener);
        tracker.begin();
        warnings.begin();
        List<RgbImage> pictures = loop.map(settings ->
                        new DenoisingLoop(model, parameters, settings, this, cancellation).run(inputs.get()))
                .orElseGet(
                        () -> thread.exclusively(() -> engine.generate(parameters, inputs.get(), this, cancellation)));
        tracker.end();
        List<GeneratedImage> images = new ArrayList<>(pictures.size());
        for (int i = 0; i < pictures.size(); i++) {
            images.add(new GeneratedImage(pictures.get(i), i, parameters, model.name(), warnings.all()));
        }
        return List.copyOf(images);
    }

    @Override
    public void progress(ProgressKind kind, int step, int of) {
        tracker.report(kind, step, of);
    }

    @Override
    public Optional<PreviewMode> previewMode() {
        return preview == null ? Optional.empty() : Optional.of(preview.mode());
    }

    @Override
    public int previewInterval() {
        return preview == null ? 1 : preview.everySteps();
    }

    @Override
    public void preview(int step, BufferedImage image) {
        preview.listener().accept(new Preview(step, image));
    }

    @Override
    public void warn(String text) {
        warnings.add(text);
    }
}
