package dev.diffusion4j;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampling;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A model without native code, whose steps a test may hold up. In this package, as only its classes can tell listeners of a
 * generation and end one.
 */
public final class FakeModel implements DiffusionModel {

    private static final int STEPS = 4;

    private final ModelFamily family;
    private final List<ImageRequest> requests = new CopyOnWriteArrayList<>();
    private final Semaphore begun = new Semaphore(0);
    private final Semaphore steps = new Semaphore(0);
    private final AtomicInteger cancelled = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean held;
    private volatile Supplier<? extends RuntimeException> failure;
    private volatile String warning;

    public FakeModel(ModelFamily family) {
        this.family = family;
    }

    public FakeModel() {
        this(ModelFamily.SD1);
    }

    /** From now on a step waits until a test lets it. */
    public void hold() {
        held = true;
    }

    /** Lets so many steps be done. */
    public void letSteps(int count) {
        steps.release(count);
    }

    /** Lets all steps be done. */
    public void release() {
        held = false;
        steps.release(10_000);
    }

    /** Waits until a generation has begun. */
    public void awaitBegin() throws InterruptedException {
        if (!begun.tryAcquire(20, TimeUnit.SECONDS)) {
            throw new AssertionError("no generation has begun");
        }
    }

    /** From now on generations fail. */
    public void failWith(Supplier<? extends RuntimeException> how) {
        failure = how;
    }

    /** From now on generations warn. */
    public void warn(String text) {
        warning = text;
    }

    public List<ImageRequest> requests() {
        return requests;
    }

    public ImageRequest lastRequest() {
        return requests.getLast();
    }

    public int cancelled() {
        return cancelled.get();
    }

    public boolean isClosed() {
        return closed.get();
    }

    @Override
    public Generation<List<GeneratedImage>> startAll(ImageRequest request, GenerationListener listener) {
        if (closed.get()) {
            throw new ClosedException("the model is closed");
        }
        requests.add(request);
        AtomicBoolean stop = new AtomicBoolean();
        Generation<List<GeneratedImage>> generation = new Generation<>(new Generation.Control() {
            @Override
            public void cancel() {
                stop.set(true);
            }

            @Override
            public boolean isOwnThread() {
                return false;
            }
        });
        Thread.ofVirtual().start(() -> run(request, listener, stop, generation));
        return generation;
    }

    private void run(
            ImageRequest request,
            GenerationListener listener,
            AtomicBoolean stop,
            Generation<List<GeneratedImage>> generation) {
        begun.release();
        try {
            if (failure != null) {
                throw failure.get();
            }
            if (warning != null) {
                listener.warnings().ifPresent(heard -> heard.accept(warning));
            }
            for (int image = 0; image < request.batchCount(); image++) {
                draw(request, listener, stop, image);
            }
            generation.succeed(images(request));
        } catch (RuntimeException e) {
            generation.fail(e);
        }
    }

    private void draw(ImageRequest request, GenerationListener listener, AtomicBoolean stop, int image) {
        int of = request.steps().orElse(STEPS);
        for (int step = 1; step <= of; step++) {
            awaitPermission(stop);
            Progress progress = new Progress(
                    Progress.Phase.SAMPLING,
                    step,
                    of,
                    image,
                    request.batchCount(),
                    Duration.ofMillis(step),
                    10,
                    Optional.of(Duration.ofSeconds(of - step)));
            listener.progress().ifPresent(heard -> heard.accept(progress));
            int shown = step;
            listener.previews()
                    .filter(previews -> shown % previews.everySteps() == 0)
                    .ifPresent(previews -> previews.listener()
                            .accept(new Preview(shown, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB))));
        }
    }

    private void awaitPermission(AtomicBoolean stop) {
        try {
            while (held && !steps.tryAcquire(5, TimeUnit.MILLISECONDS)) {
                requireWanted(stop);
            }
        } catch (InterruptedException e) {
            throw new GenerationCancelledException("interrupted");
        }
        requireWanted(stop);
    }

    private void requireWanted(AtomicBoolean stop) {
        if (stop.get() || closed.get()) {
            cancelled.incrementAndGet();
            throw new GenerationCancelledException("cancelled");
        }
    }

    private List<GeneratedImage> images(ImageRequest request) {
        ImageSize size = request.size()
                .or(() -> request.initImage().map(init -> init.picture().size()))
                .orElse(nativeSize());
        List<GeneratedImage> images = new ArrayList<>();
        for (int i = 0; i < request.batchCount(); i++) {
            BufferedImage image = new BufferedImage(size.width(), size.height(), BufferedImage.TYPE_INT_RGB);
            Graphics2D pen = image.createGraphics();
            pen.setColor(Color.RED);
            pen.fillRect(0, 0, size.width(), size.height() / 2);
            pen.dispose();
            ImageRequest own = request.toBuilder()
                    .seed(request.seed().orElse(7) + i)
                    .batchCount(1)
                    .steps(request.steps().orElse(STEPS))
                    .guidanceScale(request.guidanceScale().orElse(7))
                    .size(size.width(), size.height())
                    .sampling(
                            request.sampling() == Sampling.standard()
                                    ? Sampling.of(defaultSampler()).withSchedule(NoiseSchedule.DISCRETE)
                                    : request.sampling())
                    .build();
            List<String> warnings = warning == null ? List.of() : List.of(warning);
            images.add(GeneratedImage.of(image, GenerationReport.of(own, name(), warnings)));
        }
        return images;
    }

    @Override
    public ModelFamily family() {
        return family;
    }

    @Override
    public int defaultSteps() {
        return STEPS;
    }

    @Override
    public String name() {
        return "fake.safetensors";
    }

    @Override
    public void close() {
        closed.set(true);
    }
}
