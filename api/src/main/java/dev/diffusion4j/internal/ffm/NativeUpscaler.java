package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.sd_image_t;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.UpscaleEngine;
import dev.diffusion4j.internal.engine.UpscalerInfo;
import dev.diffusion4j.internal.engine.UpscalerSpec;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.ffm.library.NativeLibrary;
import dev.diffusion4j.internal.ffm.library.NativeStatus;
import dev.diffusion4j.internal.ffm.library.NativeVersions;
import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The native runtime in this process, with an upscaler that is open there. */
public final class NativeUpscaler implements UpscaleEngine {

    /** Null once the upscaler is closed. */
    private @Nullable MemorySegment handle;

    private final String device;

    private NativeUpscaler(MemorySegment handle, String device) {
        this.handle = handle;
        this.device = device;
    }

    private MemorySegment handle() {
        if (handle == null) {
            throw new ClosedException("the upscaler is closed");
        }
        return handle;
    }

    /** Opens the upscaler; weights are read on first use. */
    public static NativeUpscaler open(UpscalerSpec spec) {
        NativeLibrary.load();
        String device = DeviceSelection.find(spec.device());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            int status = D4j.d4j_upscaler_open(
                    arena.allocateFrom(spec.model().toAbsolutePath().toString()),
                    arena.allocateFrom(device),
                    spec.threads().orElseGet(() -> NativeVersions.defaultThreads(spec.processors())),
                    MemorySegment.NULL,
                    out);
            NativeStatus.check(status, "opening the upscaler");
            return new NativeUpscaler(out.get(ValueLayout.ADDRESS, 0), device);
        }
    }

    @Override
    public UpscalerInfo info() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scale = arena.allocate(ValueLayout.JAVA_INT);
            NativeStatus.check(D4j.d4j_upscaler_scale(handle(), scale), "reading the upscaler's properties");
            return new UpscalerInfo(NativeVersions.source(), device, scale.get(ValueLayout.JAVA_INT, 0));
        }
    }

    @Override
    public RgbImage upscale(
            BufferedImage image, int tileSize, GenerationObserver observer, CancellationFlag cancellation) {
        try (Arena arena = Arena.ofConfined();
                Watch watch = new Watch(observer, cancellation)) {
            MemorySegment picture = sd_image_t.allocate(arena);
            PictureStructs.write(image, picture, arena);
            MemorySegment images = arena.allocate(ValueLayout.ADDRESS);
            int status = D4j.d4j_upscale(handle(), picture, tileSize, ObserverStruct.of(watch), images);
            List<RgbImage> result =
                    status == D4j.D4J_OK() ? PictureStructs.take(images.get(ValueLayout.ADDRESS, 0), 1) : List.of();
            try {
                NativeStatus.check(status, "enlarging");
            } catch (RuntimeException e) {
                watch.rethrowBefore(e);
                throw e;
            }
            watch.rethrow();
            return result.getFirst();
        }
    }

    @Override
    public void close() {
        if (handle == null) {
            return;
        }
        MemorySegment open = handle;
        handle = null;
        NativeStatus.check(D4j.d4j_upscaler_close(open), "closing the upscaler");
    }
}
