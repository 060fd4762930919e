package dev.diffusion4j.internal;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_observer_t;
import dev.diffusion4j.bindings.d4j_preview_fn;
import dev.diffusion4j.bindings.d4j_progress_fn;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The upcalls of one generation. Nothing thrown may leave an upcall: the JVM would end. */
public final class NativeCallbacks {

    private static final GenerationObserver.ProgressKind[] KINDS = GenerationObserver.ProgressKind.values();

    private final GenerationObserver observer;
    private final CancellationFlag cancellation;
    private Throwable failure;

    /** The observer sees what happens until the flag stops it. */
    public NativeCallbacks(GenerationObserver observer, CancellationFlag cancellation) {
        this.observer = observer;
        this.cancellation = cancellation;
    }

    /** The native struct, which lives as long as the arena. */
    public MemorySegment allocate(Arena arena) {
        MemorySegment struct = d4j_observer_t.allocate(arena);
        d4j_observer_t.progress(struct, d4j_progress_fn.allocate(this::progress, arena));
        d4j_observer_t.cancel(struct, cancellation.segment());
        observer.previewMode().ifPresent(mode -> {
            d4j_observer_t.preview(struct, d4j_preview_fn.allocate(this::preview, arena));
            d4j_observer_t.preview_mode(
                    struct,
                    switch (mode) {
                        case PROJECTION -> D4j.PREVIEW_PROJ();
                        case TINY_AUTOENCODER -> D4j.PREVIEW_TAE();
                        case VAE -> D4j.PREVIEW_VAE();
                    });
            d4j_observer_t.preview_interval(struct, observer.previewInterval());
        });
        return struct;
    }

    private void progress(int kind, int step, int of, float seconds) {
        guarded(() -> observer.progress(KINDS[kind], step, of));
    }

    private void preview(int step, int width, int height, MemorySegment rgb) {
        guarded(() -> {
            BufferedImage image = Rgb8.toBufferedImage(rgb.reinterpret(3L * width * height), width, height);
            observer.preview(step, image);
        });
    }

    private void guarded(Runnable callback) {
        if (failure != null) {
            return;
        }
        try {
            callback.run();
        } catch (Throwable e) {
            failure = e;
            cancellation.set();
        }
    }

    /** Throws what the observer threw, if it did. */
    public void rethrow() {
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }
}
