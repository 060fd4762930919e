package dev.diffusion4j.testing.engine;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.TextEncoderInfo;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.VideoInputs;
import dev.diffusion4j.internal.engine.VideoOutput;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * An engine that computes nothing: what it is asked to draw it hands to a test, and what its components write stays as it is.
 * With it a {@link DiffusionModel} needs no native library, unless it has a text encoder, whose tokenizer does.
 */
public class FakeEngine implements Engine {

    /** What a test does in place of drawing. */
    public interface Drawing {
        List<RgbImage> draw(
                ImageRequest request,
                GenerationInputs inputs,
                GenerationObserver observer,
                CancellationFlag cancellation);
    }

    private final Drawing drawing;
    private final List<TextEncoderInfo> textEncoders;
    private final List<Long> begun = new CopyOnWriteArrayList<>();
    private volatile boolean closed;
    private volatile Thread thread;

    public FakeEngine(Drawing drawing) {
        this(drawing, List.of());
    }

    public FakeEngine(Drawing drawing, List<TextEncoderInfo> textEncoders) {
        this.drawing = drawing;
        this.textEncoders = textEncoders;
    }

    /** A text encoder, whose tokenizer needs the native library. */
    public static List<TextEncoderInfo> oneTextEncoder() {
        return List.of(new TextEncoderInfo(8, 12, 8, 49_407, 0, true, "text."));
    }

    /** The seeds of what was drawn, in order. */
    public List<Long> begun() {
        return begun;
    }

    public boolean isClosed() {
        return closed;
    }

    /** The one that opened it, which is the model's. */
    public Thread thread() {
        return thread;
    }

    /** Draws at once. */
    public static List<RgbImage> picture(ImageRequest request) {
        ImageSize size = request.size().orElseThrow();
        RgbImage image = new RgbImage(size.width(), size.height(), new byte[3 * size.width() * size.height()]);
        return Collections.nCopies(request.batchCount(), image);
    }

    /**
     * Draws a picture once the second latch opens; looks after the flag meanwhile, as native code does.
     *
     * @param running opens when it has begun
     */
    public static List<RgbImage> pictureAfter(
            CountDownLatch release, CountDownLatch running, ImageRequest request, CancellationFlag flag) {
        running.countDown();
        try {
            while (!release.await(1, TimeUnit.MILLISECONDS)) {
                if (flag.isSet()) {
                    throw new GenerationCancelledException("the generation was cancelled");
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts the model's thread", e);
        }
        return picture(request);
    }

    @Override
    public ModelInfo info() {
        thread = Thread.currentThread();
        return new ModelInfo(
                "none",
                "SD 1.x",
                64,
                8,
                4,
                Sampler.EULER_A,
                NoiseSchedule.DISCRETE,
                true,
                true,
                Optional.empty(),
                Map.of(ComponentKind.DENOISER, "none"),
                new ComponentsInfo(
                        textEncoders,
                        77,
                        Optional.empty(),
                        4,
                        4,
                        8,
                        0,
                        1,
                        PredictionType.EPSILON,
                        false,
                        8,
                        List.of(0.18215f),
                        List.of(0f),
                        List.of()));
    }

    @Override
    public List<RgbImage> generate(
            ImageRequest request, GenerationInputs inputs, GenerationObserver observer, CancellationFlag cancellation) {
        if (closed) {
            throw new AssertionError("asked to draw after it was closed");
        }
        begun.add(request.seed().orElseThrow());
        return drawing.draw(request, inputs, observer, cancellation);
    }

    @Override
    public VideoOutput generate(
            VideoRequest request, VideoInputs inputs, GenerationObserver observer, CancellationFlag cancellation) {
        throw new AssertionError("asked for a video, which it says it cannot make");
    }

    @Override
    public void run(ComponentCall call, Watch watch) {}

    @Override
    public void setLoras(List<Lora> loras, Watch watch) {}

    @Override
    public float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size) {
        return new float[steps + 1];
    }

    @Override
    public Tensor weight(String name) {
        return Tensor.zeros(Shape.of(1));
    }

    @Override
    public void close() {
        closed = true;
    }
}
