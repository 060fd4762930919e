package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.d4j_observer_t;
import dev.diffusion4j.bindings.d4j_preview_fn;
import dev.diffusion4j.bindings.d4j_progress_fn;
import dev.diffusion4j.bindings.d4j_warning_fn;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.image.PixelBuffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A watch as native code sees it: functions that it calls, and the flag that it polls. */
final class ObserverStruct implements Watch.Attachment {

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment struct = d4j_observer_t.allocate(arena);

    private ObserverStruct(Watch watch) {
        d4j_observer_t.progress(
                struct,
                d4j_progress_fn.allocate(
                        (kind, step, of, _) -> watch.report(() -> RuntimeCodes.progressKind(kind), step, of), arena));
        d4j_observer_t.warning(
                struct,
                d4j_warning_fn.allocate(
                        text -> watch.warn(
                                () -> text.reinterpret(Long.MAX_VALUE).getString(0)),
                        arena));
        d4j_observer_t.cancel(struct, watch.cancellation().segment());
        watch.previewMode().ifPresent(mode -> {
            d4j_observer_t.preview(
                    struct,
                    d4j_preview_fn.allocate(
                            (step, width, height, rgb) -> watch.report(
                                    step,
                                    () -> PixelBuffers.toBufferedImage(
                                            rgb.reinterpret(3L * width * height), width, height)),
                            arena));
            d4j_observer_t.preview_mode(struct, RuntimeCodes.of(mode));
            d4j_observer_t.preview_interval(struct, watch.previewInterval());
        });
    }

    /** The struct of a watch, which lives as long as the watch; null for nobody's. */
    static MemorySegment of(Watch watch) {
        return watch.isWatched()
                ? watch.attachment(ObserverStruct.class, () -> new ObserverStruct(watch)).struct
                : MemorySegment.NULL;
    }

    @Override
    public void close() {
        arena.close();
    }
}
