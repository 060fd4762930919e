package dev.diffusion4j;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.ModelFileValidator;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.EngineThread;
import dev.diffusion4j.internal.engine.UpscaleEngine;
import dev.diffusion4j.internal.engine.UpscalerInfo;
import dev.diffusion4j.internal.engine.UpscalerSpec;
import dev.diffusion4j.internal.ffm.NativeUpscaler;
import dev.diffusion4j.internal.isolated.IsolatedUpscaler;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.request.UpscaleRequest;
import dev.diffusion4j.request.UpscalerOptions;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;

/** An upscaler over an engine. */
final class EngineUpscaler implements Upscaler {

    private final UpscaleEngine engine;
    private final UpscalerInfo info;
    private final String name;
    private final EngineLifetime lifetime;

    private EngineUpscaler(
            UpscaleEngine engine, EngineThread thread, UpscalerInfo info, String name, int queueCapacity) {
        this.engine = engine;
        this.info = info;
        this.name = name;
        lifetime = new EngineLifetime(thread, queueCapacity, ForgottenModel.watch(this, name), engine::close);
    }

    static EngineUpscaler open(Path model, UpscalerOptions options) {
        Objects.requireNonNull(options, "options");
        ModelFileValidator.requireUpscaler(ModelFile.read(model));
        UpscalerSpec spec = new UpscalerSpec(
                model, options.device(), options.threads(), Runtime.getRuntime().availableProcessors());
        String name = model.toAbsolutePath().normalize().getFileName().toString();
        return open(() -> engine(spec, options), name, options.queueCapacity());
    }

    private static UpscaleEngine engine(UpscalerSpec spec, UpscalerOptions options) {
        return options.isolation()
                .<UpscaleEngine>map(isolation -> IsolatedUpscaler.open(spec, isolation))
                .orElseGet(() -> NativeUpscaler.open(spec));
    }

    /**
     * Opens an upscaler over what computes.
     *
     * @param engine opens it, on the upscaler's thread
     */
    static EngineUpscaler open(Supplier<? extends UpscaleEngine> engine, String name, int queueCapacity) {
        EngineThread thread = new EngineThread("diffusion4j " + name);
        try {
            UpscaleEngine opened = thread.callUninterruptibly(engine::get);
            UpscalerInfo info = thread.callUninterruptibly(opened::info);
            return new EngineUpscaler(opened, thread, info, name, queueCapacity);
        } catch (Throwable e) {
            thread.end(() -> {});
            throw e;
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int scale() {
        return info.scale();
    }

    @Override
    public String device() {
        return info.device();
    }

    @Override
    public Generation<UpscaledImage> start(UpscaleRequest request, GenerationListener listener) {
        lifetime.requireOpen();
        requireNone("onStep", listener.steps().isPresent());
        requireNone("onPreview", listener.previews().isPresent());
        requireSize(request);
        Warnings warnings = new Warnings(listener.warnings());
        if (!request.picture().isOpaque()) {
            warnings.addBefore("the picture's transparency is lost: what was transparent is white");
        }
        UpscaleRun run = new UpscaleRun(request, listener, warnings, info, name);
        return lifetime.queue().add(cancellation -> enlarge(run, cancellation));
    }

    private UpscaledImage enlarge(UpscaleRun run, CancellationFlag cancellation) {
        return lifetime.thread().exclusively(() -> run.run(engine, cancellation));
    }

    @Override
    public UpscaledImage upscale(UpscaleRequest request) {
        // Asked before it is queued, so that nothing is left behind where waiting is refused.
        if (lifetime.thread().isCurrent()) {
            throw Generation.waitsForItself();
        }
        return start(request).await();
    }

    private static void requireNone(String field, boolean given) {
        if (given) {
            throw new InvalidRequestException(field, "given", "absent: an upscaler has no denoising steps");
        }
    }

    private void requireSize(UpscaleRequest request) {
        double factor = Math.pow(info.scale(), request.repeat());
        double pixels =
                factor * factor * request.picture().width() * request.picture().height();
        if (pixels > UpscaleRequest.MAX_PIXELS) {
            throw new InvalidRequestException(
                    "picture",
                    request.picture().size() + ", " + Math.round(factor) + " times larger",
                    "at most " + UpscaleRequest.MAX_PIXELS + " pixels when it is enlarged");
        }
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
