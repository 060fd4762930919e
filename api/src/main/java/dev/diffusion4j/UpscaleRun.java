package dev.diffusion4j;

import dev.diffusion4j.Progress.Phase;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.UpscaleEngine;
import dev.diffusion4j.internal.engine.UpscalerInfo;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.request.PreviewMode;
import dev.diffusion4j.request.UpscaleRequest;
import java.awt.image.BufferedImage;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** A picture that is enlarged, on the upscaler's thread. */
final class UpscaleRun implements GenerationObserver {

    private final UpscaleRequest request;
    private final Consumer<? super Progress> listener;
    private final Warnings warnings;
    private final UpscalerInfo info;
    private final String name;
    private long beganAt;
    private int pass;
    /** Whether tiles are reported; what is enlarged in one piece is not. */
    private boolean hasTiles;

    UpscaleRun(UpscaleRequest request, GenerationListener listener, Warnings warnings, UpscalerInfo info, String name) {
        this.request = request;
        this.listener = listener.progress().orElse(progress -> {});
        this.warnings = warnings;
        this.info = info;
        this.name = name;
    }

    UpscaledImage run(UpscaleEngine engine, CancellationFlag cancellation) {
        beganAt = System.nanoTime();
        warnings.begin();
        BufferedImage picture = ImageProcessor.toRgb(request.picture().toBufferedImage());
        RgbImage enlarged = enlarge(engine, picture, cancellation);
        while (++pass < request.repeat()) {
            if (cancellation.isSet()) {
                throw new GenerationCancelledException("the generation was cancelled");
            }
            enlarged = enlarge(engine, enlarged.toBufferedImage(), cancellation);
        }
        return new UpscaledImage(enlarged, request, info, name, warnings.all());
    }

    private RgbImage enlarge(UpscaleEngine engine, BufferedImage picture, CancellationFlag cancellation) {
        hasTiles = false;
        emit(Phase.UPSCALING, 0, 1);
        RgbImage enlarged = engine.upscale(picture, request.tileSize(), this, cancellation);
        if (!hasTiles) {
            emit(Phase.UPSCALING, 1, 1);
        }
        return enlarged;
    }

    @Override
    public void progress(ProgressKind kind, int step, int of) {
        if (kind == ProgressKind.LOADING) {
            emit(Phase.LOADING, step, of);
        } else {
            hasTiles = true;
            emit(Phase.UPSCALING, step, of);
        }
    }

    private void emit(Phase phase, int step, int of) {
        Duration elapsed = Duration.ofNanos(System.nanoTime() - beganAt);
        listener.accept(new Progress(phase, step, of, pass, request.repeat(), elapsed, 0, Optional.empty()));
    }

    @Override
    public Optional<PreviewMode> previewMode() {
        return Optional.empty();
    }

    @Override
    public int previewInterval() {
        return 1;
    }

    @Override
    public void preview(int step, BufferedImage image) {
        throw new IllegalStateException("nobody asked for previews");
    }

    @Override
    public void warn(String text) {
        warnings.add(text);
    }
}
