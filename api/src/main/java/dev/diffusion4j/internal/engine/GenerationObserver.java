package dev.diffusion4j.internal.engine;

import dev.diffusion4j.request.PreviewMode;
import java.awt.image.BufferedImage;
import java.util.Optional;

/** Sees what a native generation reports, on the model's thread. */
public interface GenerationObserver {

    /** What a native progress report counts. */
    enum ProgressKind {
        LOADING,
        SAMPLING,
        TILES
    }

    /** One native report; {@code step} runs from 0 to {@code of}. */
    void progress(ProgressKind kind, int step, int of);

    /** How previews are made, if they are wanted. */
    Optional<PreviewMode> previewMode();

    /** Every so many steps there is a preview. */
    int previewInterval();

    /** A preview; the picture is the receiver's. */
    void preview(int step, BufferedImage image);

    /** Something that was asked for and is not done, in a sentence. */
    void warn(String text);
}
