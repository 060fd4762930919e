package dev.diffusion4j;

import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.internal.engine.CancellationFlag;
import dev.diffusion4j.internal.engine.GenerationInputs;
import dev.diffusion4j.internal.engine.GenerationObserver;
import dev.diffusion4j.internal.engine.Model;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.Parts;
import dev.diffusion4j.internal.image.RgbImage;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.modelfile.Safetensors;
import dev.diffusion4j.request.GenerationParameters;
import dev.diffusion4j.tensor.RandomSource;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * An engine that computes nothing: what it is asked to draw it hands to a test. With it a {@link StableDiffusion} needs no
 * native library.
 */
class FakeEngine implements Model {

    /** What a test does in place of drawing. */
    interface Drawing {
        List<RgbImage> draw(
                GenerationParameters parameters,
                GenerationInputs inputs,
                GenerationObserver observer,
                CancellationFlag cancellation);
    }

    private final Drawing drawing;
    private final Parts parts;
    /** The seeds of what was drawn, in order. */
    final List<Long> begun = new CopyOnWriteArrayList<>();

    volatile boolean closed;
    volatile Thread thread;

    FakeEngine(Drawing drawing) {
        this(drawing, new FakeParts());
    }

    FakeEngine(Drawing drawing, Parts parts) {
        this.drawing = drawing;
        this.parts = parts;
    }

    /** A model over this engine. */
    StableDiffusion open(Path folder, int queueCapacity) {
        Path file = new Safetensors().floats("nothing", 1).write(folder.resolve("fake.safetensors"));
        return open(ModelFile.read(file), queueCapacity);
    }

    StableDiffusion open(ModelFile file, int queueCapacity) {
        return StableDiffusion.open(
                () -> this, file, RandomSource.CUDA, LearnedFiles.load(Map.of()), Optional.empty(), queueCapacity);
    }

    /** Draws at once. */
    static List<RgbImage> picture(GenerationParameters parameters) {
        int bytes = 3 * parameters.width() * parameters.height();
        RgbImage image = new RgbImage(parameters.width(), parameters.height(), new byte[bytes]);
        return Collections.nCopies(parameters.batchCount(), image);
    }

    /**
     * Draws a picture once the second latch opens; looks after the flag meanwhile, as native code does.
     *
     * @param running opens when it has begun
     */
    static List<RgbImage> pictureAfter(
            CountDownLatch release, CountDownLatch running, GenerationParameters parameters, CancellationFlag flag) {
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
        return picture(parameters);
    }

    @Override
    public ModelInfo info() {
        thread = Thread.currentThread();
        return new ModelInfo("SD 1.x", 64, 8, 4, 0, 0, true, false, true, List.of("none", "none", "none"));
    }

    @Override
    public Parts parts() {
        return parts;
    }

    @Override
    public List<RgbImage> generate(
            GenerationParameters parameters,
            GenerationInputs inputs,
            GenerationObserver observer,
            CancellationFlag cancellation) {
        if (closed) {
            throw new AssertionError("asked to draw after it was closed");
        }
        begun.add(parameters.seed());
        return drawing.draw(parameters, inputs, observer, cancellation);
    }

    @Override
    public void close() {
        closed = true;
    }
}
