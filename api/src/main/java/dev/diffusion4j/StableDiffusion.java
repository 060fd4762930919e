package dev.diffusion4j;

import dev.diffusion4j.internal.CancellationFlag;
import dev.diffusion4j.internal.GenerationInputs;
import dev.diffusion4j.internal.ModelInfo;
import dev.diffusion4j.internal.ModelParameters;
import dev.diffusion4j.internal.ModelThread;
import dev.diffusion4j.internal.NativeModel;
import dev.diffusion4j.model.ModelFile;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * An open Stable Diffusion model.
 *
 * {@snippet :
 * try (StableDiffusion sd = StableDiffusion.open(Path.of("model.safetensors"))) {
 *     sd.textToImage("a red circle on a white background").seed(42).generate().save(Path.of("circle.png"));
 * }
 * }
 *
 * <p>Safe for use by several threads: each model owns one thread on which its native calls run one after another, in
 * the order they were made. {@link #close()} cancels what runs, waits for it and frees the model.
 */
public final class StableDiffusion implements AutoCloseable {

    private static final ImageSize DEFAULT_SIZE = new ImageSize(512, 512);
    private static final int DEFAULT_STEPS = 20;
    private static final double DEFAULT_GUIDANCE_SCALE = 7;

    private final NativeModel model;
    private final ModelInfo info;
    private final ModelThread thread;
    private final ModelFile file;
    private final Set<Generation> pending = ConcurrentHashMap.newKeySet();
    private final Object closeLock = new Object();
    private volatile boolean closed;

    private StableDiffusion(NativeModel model, ModelThread thread, ModelInfo info, ModelFile file) {
        this.model = model;
        this.thread = thread;
        this.info = info;
        this.file = file;
    }

    /**
     * Opens a model file (safetensors, GGUF or checkpoint) with default options. Weights are read on first use.
     *
     * @throws ModelFileException if the file is missing, damaged, or no model that makes pictures
     * @throws NativeLibraryException if the native library cannot be used here
     */
    public static StableDiffusion open(Path model) {
        return options().open(model);
    }

    /** Begins opening a model with options of your own. */
    public static StableDiffusionOptions options() {
        return new StableDiffusionOptions();
    }

    static StableDiffusion open(ModelParameters parameters, ModelFile mainFile) {
        ModelThread thread = new ModelThread("diffusion4j " + mainFile.path().getFileName());
        try {
            NativeModel model = thread.call(() -> NativeModel.open(parameters));
            try {
                ModelInfo info = thread.call(model::info);
                if (!info.generatesImages()) {
                    throw new ModelFileException(mainFile.path() + " is a model of the family " + info.family()
                            + ", which does not make pictures");
                }
                return new StableDiffusion(model, thread, info, mainFile);
            } catch (RuntimeException e) {
                thread.call(() -> {
                    model.close();
                    return null;
                });
                throw e;
            }
        } catch (RuntimeException e) {
            thread.shutdown();
            throw e;
        }
    }

    /** Draws from a prompt. Weights such as {@code (word:1.2)} and {@code [word]} are understood. */
    public TextToImageRequest textToImage(String prompt) {
        return new TextToImageRequest(this, prompt);
    }

    /** Redraws a picture towards a prompt. */
    public ImageToImageRequest imageToImage(BufferedImage image, String prompt) {
        requireVaeEncoder();
        return new ImageToImageRequest(this, image, prompt);
    }

    /**
     * Redraws part of a picture towards a prompt.
     *
     * @param image the picture
     * @param mask of the same size: white is redrawn, black is kept
     * @param prompt what to draw
     */
    public InpaintRequest inpaint(BufferedImage image, BufferedImage mask, String prompt) {
        requireVaeEncoder();
        return new InpaintRequest(this, image, mask, prompt);
    }

    /** The model family as the runtime names it, such as {@code SD 1.x}. */
    public String family() {
        return info.family();
    }

    /** The name of the model's file. */
    public String name() {
        return file.path().getFileName().toString();
    }

    /** The size the model draws best, in pixels: what its file says, otherwise its family's usual one. */
    public ImageSize nativeSize() {
        return file.nativeSize().orElse(DEFAULT_SIZE);
    }

    /** Width and height of pictures must be multiples of this many pixels. */
    public int sizeMultiple() {
        return info.sizeMultiple();
    }

    /** The denoising steps that are used unless a request says otherwise: what the model's file recommends, else 20. */
    public int defaultSteps() {
        return (int) recommended("diffusion4j.steps", 1, GenerationRequest.MAX_STEPS, DEFAULT_STEPS);
    }

    /** The guidance scale that is used unless a request says otherwise: what the model's file recommends, else 7. */
    public double defaultGuidanceScale() {
        return recommended("diffusion4j.guidance", 0, 100, DEFAULT_GUIDANCE_SCALE);
    }

    private double recommended(String key, double least, double most, double otherwise) {
        try {
            double value = Double.parseDouble(file.metadata().getOrDefault(key, ""));
            return value >= least && value <= most ? value : otherwise;
        } catch (NumberFormatException e) {
            // A recommendation that makes no sense is none.
            return otherwise;
        }
    }

    /** The sampler that is used without {@link GenerationRequest#sampler(Sampler)}. */
    public Sampler defaultSampler() {
        return Sampler.values()[info.defaultSampler()];
    }

    /** The schedule that is used with a sampler without {@link GenerationRequest#schedule(NoiseSchedule)}. */
    public NoiseSchedule defaultSchedule(Sampler sampler) {
        return switch (sampler) {
            case LCM, TCD -> NoiseSchedule.LCM;
            case DDIM_TRAILING -> NoiseSchedule.SIMPLE;
            default -> NoiseSchedule.values()[info.defaultSchedule()];
        };
    }

    /**
     * Cancels what runs and what is queued, waits until the native code has stopped, and frees the model. Idempotent.
     * From a listener, on the model's own thread, it returns at once and the model is freed after the generation.
     */
    @Override
    public void close() {
        synchronized (closeLock) {
            if (closed) {
                return;
            }
            closed = true;
        }
        pending.forEach(Generation::cancel);
        CompletableFuture<Void> freed = new CompletableFuture<>();
        thread.execute(() -> {
            try {
                model.close();
                freed.complete(null);
            } catch (Throwable e) {
                freed.completeExceptionally(e);
            }
        });
        thread.shutdown();
        if (!thread.isCurrent()) {
            freed.join();
        }
    }

    Generation start(
            GenerationParameters parameters,
            GenerationInputs inputs,
            Consumer<? super Progress> progressListener,
            GenerationRequest.PreviewSettings preview) {
        requireOpen();
        CancellationFlag cancellation = new CancellationFlag();
        Generation generation = new Generation(cancellation);
        pending.add(generation);
        GenerationRun run = new GenerationRun(this, parameters, progressListener, preview);
        try {
            thread.execute(() -> {
                try {
                    if (cancellation.isSet()) {
                        throw new GenerationCancelledException("the generation was cancelled before it began");
                    }
                    generation.future().complete(run.run(model, inputs, cancellation));
                } catch (Throwable e) {
                    generation.future().completeExceptionally(e);
                } finally {
                    pending.remove(generation);
                }
            });
        } catch (ClosedException e) {
            pending.remove(generation);
            throw e;
        }
        if (closed) {
            // close() may have looked at the pending generations just before this one was added.
            generation.cancel();
        }
        return generation;
    }

    void checkSchedule(NoiseSchedule schedule, int steps) {
        if (steps < schedule.minimumSteps()) {
            throw new InvalidRequestException(
                    "steps", steps, "at least " + schedule.minimumSteps() + " with the schedule " + schedule);
        }
        boolean hasAlignedSteps =
                info.family().startsWith("SD 1") || info.family().startsWith("SDXL");
        if (schedule == NoiseSchedule.AYS && !hasAlignedSteps) {
            throw new InvalidRequestException(
                    "schedule", schedule, "another one: ays is defined for SD 1.x and SDXL, not for " + info.family());
        }
    }

    void checkLora(Path path) {
        ModelFile.read(path).requireLora(file);
    }

    private void requireVaeEncoder() {
        requireOpen();
        if (!info.hasVaeEncoder()) {
            throw new ModelFileException(
                    name() + " cannot redraw pictures: its VAE has a decoder alone; open it with vae(...)"
                            + " or tinyAutoencoder(...) from a file that has an encoder");
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new ClosedException("the model is closed");
        }
    }
}
