package dev.diffusion4j.internal.isolated;

import dev.diffusion4j.device.IsolatedOptions;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.UpscaleEngine;
import dev.diffusion4j.internal.engine.UpscalerInfo;
import dev.diffusion4j.internal.engine.UpscalerSpec;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.image.RgbImage;
import java.awt.image.BufferedImage;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An upscaler in a process of its own, which is started again when it has died. */
public final class IsolatedUpscaler implements UpscaleEngine {

    private final RestartedChild child;
    /** Null until the first child has opened the upscaler. */
    private @Nullable UpscalerInfo info;

    private IsolatedUpscaler(UpscalerSpec spec, IsolatedOptions options) {
        child = new RestartedChild(options, started -> {
            Command open = new Command.OpenUpscaler(spec, RestartedChild.leastLogLevel());
            info = ((Reply.OpenedUpscaler) started.ask(open, "opening the upscaler", Watch.NONE)).info();
        });
    }

    /** Starts a process and opens the upscaler there. */
    public static IsolatedUpscaler open(UpscalerSpec spec, IsolatedOptions options) {
        IsolatedUpscaler upscaler = new IsolatedUpscaler(spec, options);
        upscaler.child.require();
        return upscaler;
    }

    @Override
    public UpscalerInfo info() {
        return Objects.requireNonNull(info, "open() starts a child");
    }

    @Override
    public RgbImage upscale(
            BufferedImage image, int tileSize, GenerationObserver observer, CancellationFlag cancellation) {
        try (Watch watch = new Watch(observer, cancellation)) {
            return child.call(
                    "enlarging",
                    watch,
                    exchange -> new Command.Upscale(exchange.input(image), tileSize),
                    (reply, exchange) ->
                            exchange.read(((Reply.Pictures) reply).pictures()).getFirst());
        }
    }

    @Override
    public void close() {
        child.close();
    }
}
