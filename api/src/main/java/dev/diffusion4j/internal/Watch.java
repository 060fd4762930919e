package dev.diffusion4j.internal;

import dev.diffusion4j.GenerationCancelledException;
import dev.diffusion4j.PreviewMode;
import dev.diffusion4j.bindings.d4j_observer_t;
import dev.diffusion4j.bindings.d4j_preview_fn;
import dev.diffusion4j.bindings.d4j_progress_fn;
import dev.diffusion4j.bindings.d4j_warning_fn;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Watches native calls, one after another: what they report goes to an observer, and a flag stops them. What the observer
 * throws sets the flag and waits for {@link #rethrow()}: nothing thrown may leave an upcall, the JVM would end.
 *
 * <p>Used on the model's thread, and closed when no call uses it any more.
 */
public final class Watch implements AutoCloseable {

    /** For calls that nobody watches or cancels. */
    public static final Watch NONE = new Watch();

    private final GenerationObserver observer;
    private final CancellationFlag cancellation;
    private final Arena arena;
    private MemorySegment struct = MemorySegment.NULL;
    private Throwable failure;

    /** The observer sees what happens until the flag stops it. */
    public Watch(GenerationObserver observer, CancellationFlag cancellation) {
        this.observer = observer;
        this.cancellation = cancellation;
        arena = Arena.ofConfined();
    }

    private Watch() {
        observer = null;
        cancellation = null;
        arena = null;
    }

    /** The native struct, which is made when it is needed: a model in another process has its own. */
    MemorySegment struct() {
        if (observer != null && struct.equals(MemorySegment.NULL)) {
            struct = allocate();
        }
        return struct;
    }

    private MemorySegment allocate() {
        MemorySegment result = d4j_observer_t.allocate(arena);
        d4j_observer_t.progress(result, d4j_progress_fn.allocate(this::progress, arena));
        d4j_observer_t.warning(result, d4j_warning_fn.allocate(this::warning, arena));
        d4j_observer_t.cancel(result, cancellation.segment());
        previewMode().ifPresent(mode -> {
            d4j_observer_t.preview(result, d4j_preview_fn.allocate(this::preview, arena));
            d4j_observer_t.preview_mode(result, RuntimeCodes.of(mode));
            d4j_observer_t.preview_interval(result, previewInterval());
        });
        return result;
    }

    private void progress(int kind, int step, int of, float seconds) {
        guarded(() -> observer.progress(RuntimeCodes.progressKind(kind), step, of));
    }

    private void preview(int step, int width, int height, MemorySegment rgb) {
        guarded(() -> {
            BufferedImage image = Rgb8.toBufferedImage(rgb.reinterpret(3L * width * height), width, height);
            observer.preview(step, image);
        });
    }

    private void warning(MemorySegment text) {
        guarded(() -> observer.warn(text.reinterpret(Long.MAX_VALUE).getString(0)));
    }

    /** Passes on a warning that reached Java in another way than through the struct. */
    public void warn(String text) {
        guarded(() -> observer.warn(text));
    }

    /** Passes on progress that reached Java in another way than through the struct. */
    public void report(GenerationObserver.ProgressKind kind, int step, int of) {
        guarded(() -> observer.progress(kind, step, of));
    }

    /** Passes on a preview that reached Java in another way than through the struct. */
    public void report(int step, BufferedImage preview) {
        guarded(() -> observer.preview(step, preview));
    }

    /** How previews are made, if they are wanted. */
    public Optional<PreviewMode> previewMode() {
        return observer == null ? Optional.empty() : observer.previewMode();
    }

    /** Every so many steps there is a preview. */
    public int previewInterval() {
        return observer == null ? 1 : observer.previewInterval();
    }

    /** Whether the calls shall stop. */
    public boolean isCancelled() {
        return cancellation != null && cancellation.isSet();
    }

    private void guarded(Runnable callback) {
        if (failure != null || observer == null) {
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

    /**
     * Throws what the observer threw, if it did: it comes before what failed then, often because of it. That is not lost, but
     * for a cancellation, which says nothing new.
     *
     * @param later what failed then, or what the observer threw itself
     */
    public void rethrowBefore(Throwable later) {
        boolean consequence = later instanceof GenerationCancelledException && later.getSuppressed().length == 0;
        if (failure != null && failure != later && !consequence) {
            failure.addSuppressed(later);
        }
        rethrow();
    }

    @Override
    public void close() {
        if (arena != null) {
            arena.close();
        }
    }
}
