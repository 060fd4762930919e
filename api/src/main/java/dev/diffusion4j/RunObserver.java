package dev.diffusion4j;

import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.request.PreviewMode;
import java.awt.image.BufferedImage;
import java.util.Optional;

/** Turns native reports of one generation into what its listener hears. */
final class RunObserver implements GenerationObserver {

    private final GenerationListener listener;
    private final Warnings warnings;
    private final ProgressTracker tracker;

    /**
     * @param images how many are drawn one after another
     * @param passes how often each is sampled
     */
    RunObserver(int images, int passes, GenerationListener listener, Warnings warnings) {
        this.listener = listener;
        this.warnings = warnings;
        tracker = new ProgressTracker(images, passes, listener.progress().orElse(progress -> {}));
    }

    void begin() {
        tracker.begin();
        warnings.begin();
    }

    void end() {
        tracker.end();
    }

    @Override
    public void progress(ProgressKind kind, int step, int of) {
        tracker.report(kind, step, of);
    }

    @Override
    public Optional<PreviewMode> previewMode() {
        return listener.previews().map(GenerationListener.Previews::mode);
    }

    @Override
    public int previewInterval() {
        return listener.previews().map(GenerationListener.Previews::everySteps).orElse(1);
    }

    @Override
    public void preview(int step, BufferedImage image) {
        listener.previews().orElseThrow().listener().accept(new Preview(step, image));
    }

    @Override
    public void warn(String text) {
        warnings.add(text);
    }
}
