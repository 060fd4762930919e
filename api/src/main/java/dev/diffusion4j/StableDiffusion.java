package dev.diffusion4j;

import dev.diffusion4j.internal.Model;
import dev.diffusion4j.internal.ModelInfo;
import dev.diffusion4j.internal.ModelParameters;
import dev.diffusion4j.internal.ModelThread;
import dev.diffusion4j.internal.NativeModel;
import dev.diffusion4j.internal.Parts;
import dev.diffusion4j.internal.RuntimeCodes;
import dev.diffusion4j.internal.Watch;
import dev.diffusion4j.internal.isolated.IsolatedModel;
import dev.diffusion4j.model.ModelFile;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.LoraTags;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

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
 * the order they were made. A generation that has to wait for that is queued, up to the
 * {@linkplain StableDiffusionOptions#queueCapacity(int) capacity} of the queue. Listeners are called on that thread, too:
 * they must not wait there for what the model does on other threads' behalf, and are refused with
 * {@link IllegalStateException} if they wait for a generation, or call a part from within native code. {@link #close()}
 * cancels what runs, waits for it and frees the model.
 *
 * <p>A model that was opened {@linkplain StableDiffusionOptions#isolated() isolated} lives in a process of its own and
 * is used in the same way.
 */
public final class StableDiffusion implements AutoCloseable {

    private static final ImageSize DEFAULT_SIZE = new ImageSize(512, 512);
    private static final int DEFAULT_STEPS = 20;
    private static final double DEFAULT_GUIDANCE_SCALE = 7;

    private final Model model;
    private final ModelInfo info;
    private final ModelThread thread;
    private final ModelFile file;
    private final RandomSource random;
    private final LearnedFiles inversions;
    private final Optional<LoraFolder> loraFolder;
    private final UNetParts parts;
    private final GenerationQueue queue;
    private final ForgottenModel forgotten;
    private final Object closeLock = new Object();
    private final CompletableFuture<Void> freed = new CompletableFuture<>();
    private volatile boolean closed;

    /** The parts of a U-Net model. */
    private record UNetParts(PartCalls calls, List<TextEncoder> textEncoders, UNet unet, Vae vae) {}

    private StableDiffusion(
            Model model,
            ModelThread thread,
            ModelInfo info,
            Parts nativeParts,
            ModelFile file,
            RandomSource random,
            LearnedFiles inversions,
            Optional<LoraFolder> loraFolder,
            int queueCapacity) {
        this.model = model;
        this.thread = thread;
        this.info = info;
        this.file = file;
        this.random = random;
        this.inversions = inversions;
        this.loraFolder = loraFolder;
        queue = new GenerationQueue(thread, queueCapacity);
        PartCalls calls = new PartCalls(thread, nativeParts, () -> closed);
        parts = new UNetParts(
                calls,
                textEncoders(calls, inversions.inversions()),
                new UNet(calls, info.latentChannels()),
                new Vae(calls, info));
        forgotten = ForgottenModel.watch(this);
    }

    private static List<TextEncoder> textEncoders(PartCalls calls, List<TextualInversion> inversions) {
        List<TextEncoder> encoders = new ArrayList<>();
        for (int i = 0; i < calls.info().textEncoders().size(); i++) {
            int padding = calls.info().textEncoders().get(i).padding();
            TextEncoder encoder = new TextEncoder(calls, i, ClipTokenizer.load().withPadding(padding), List.of());
            for (TextualInversion inversion : inversions) {
                encoder = encoder.with(inversion);
            }
            encoders.add(encoder);
        }
        return List.copyOf(encoders);
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

    /** Opens a model in this process, or with isolation in one of its own. It closes the inversions, also if it fails. */
    static StableDiffusion open(
            ModelParameters parameters,
            ModelFile mainFile,
            LearnedFiles inversions,
            Optional<LoraFolder> loraFolder,
            Optional<IsolatedOptions> isolation,
            int queueCapacity) {
        Supplier<Model> engine = () -> isolation
                .<Model>map(options -> IsolatedModel.open(parameters, options))
                .orElseGet(() -> NativeModel.open(parameters));
        return open(engine, mainFile, parameters.random(), inversions, loraFolder, queueCapacity);
    }

    /**
     * Opens a model over what computes.
     *
     * @param engine opens it, on the model's thread
     * @param mainFile what the model's file says
     * @param random where the loop in Java takes its noise from
     * @param inversions the textual inversions, which it closes, also if it fails
     * @param loraFolder where LoRAs are that prompts name
     * @param queueCapacity how many generations may wait
     */
    static StableDiffusion open(
            Supplier<? extends Model> engine,
            ModelFile mainFile,
            RandomSource random,
            LearnedFiles inversions,
            Optional<LoraFolder> loraFolder,
            int queueCapacity) {
        ModelThread thread = new ModelThread("diffusion4j " + mainFile.path().getFileName());
        try {
            Model model = thread.callUninterruptibly(engine::get);
            try {
                ModelInfo info = thread.callUninterruptibly(model::info);
                if (!info.generatesImages()) {
                    throw new ModelFileException(mainFile.path() + " is a model of the family " + info.family()
                            + ", which does not make pictures");
                }
                Parts nativeParts = thread.callUninterruptibly(model::parts);
                return new StableDiffusion(
                        model, thread, info, nativeParts, mainFile, random, inversions, loraFolder, queueCapacity);
            } catch (Throwable e) {
                cleanUp(
                        e,
                        () -> thread.callUninterruptibly(() -> {
                            model.close();
                            return null;
                        }));
                throw e;
            }
        } catch (Throwable e) {
            cleanUp(e, inversions::close);
            thread.end(() -> {});
            throw e;
        }
    }

    /** What fails while something is given up after a failure is added to that. */
    private static void cleanUp(Throwable failure, Runnable work) {
        try {
            work.run();
        } catch (Throwable e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Draws from a prompt. Weights such as {@code (word:1.2)} and {@code [word]} are understood, and LoRAs such as
     * {@code <lora:name:0.8>}, see {@link StableDiffusionOptions#loraFolder}.
     *
     * @throws InvalidRequestException if a LoRA is not written right
     * @throws ClosedException if the model was closed
     */
    public TextToImageRequest textToImage(String prompt) {
        requireOpen();
        return new TextToImageRequest(this, prompt);
    }

    /**
     * Redraws a picture towards a prompt. The picture is looked at when the generation's turn has come, and must not be
     * changed before it has ended.
     *
     * @throws ModelFileException if the model's VAE cannot encode pictures
     * @throws ClosedException if the model was closed
     */
    public ImageToImageRequest imageToImage(BufferedImage image, String prompt) {
        requireVaeEncoder();
        return new ImageToImageRequest(this, image, prompt);
    }

    /**
     * Redraws part of a picture towards a prompt. As for {@link #imageToImage}, picture and mask must not be changed before the
     * generation has ended.
     *
     * @param image the picture
     * @param mask of the same size: white is redrawn, black is kept
     * @param prompt what to draw
     * @throws ModelFileException if the model's VAE cannot encode pictures
     * @throws ClosedException if the model was closed
     */
    public InpaintRequest inpaint(BufferedImage image, BufferedImage mask, String prompt) {
        requireVaeEncoder();
        return new InpaintRequest(this, image, mask, prompt);
    }

    /**
     * The tokenizer of the first text encoder, with the model's textual inversions.
     *
     * @throws ModelFileException if the family has none
     */
    public ClipTokenizer tokenizer() {
        return textEncoder().tokenizer();
    }

    /**
     * The text encoder by itself; SDXL's first.
     *
     * @throws ModelFileException if the family is none with a U-Net, whose parts run by themselves
     */
    public TextEncoder textEncoder() {
        return textEncoders().getFirst();
    }

    /**
     * All text encoders: one, or SDXL's two.
     *
     * @throws ModelFileException as {@link #textEncoder()}
     */
    public List<TextEncoder> textEncoders() {
        return parts().textEncoders();
    }

    /**
     * The U-Net by itself.
     *
     * @throws ModelFileException as {@link #textEncoder()}
     */
    public UNet unet() {
        return parts().unet();
    }

    /**
     * The VAE by itself.
     *
     * @throws ModelFileException as {@link #textEncoder()}
     */
    public Vae vae() {
        return parts().vae();
    }

    /**
     * What the U-Net is told of a prompt: chunks of 75 tokens, weights such as {@code (word:1.2)}, both encoders of SDXL
     * and the native size, as the native path does it.
     *
     * @return tensors that the caller closes
     * @throws ModelFileException as {@link #textEncoder()}
     */
    public Conditioning encodePrompt(String prompt) {
        return encodePrompt(prompt, 0, nativeSize());
    }

    /**
     * As {@link #encodePrompt(String)}.
     *
     * @param clipSkip 1 for the last layer, 2 for the one before, 0 for the model's own
     * @param size of the picture, which SDXL is told
     * @throws InvalidRequestException if the prompt names LoRAs: requests alone apply those
     */
    public Conditioning encodePrompt(String prompt, int clipSkip, ImageSize size) {
        if (!LoraTags.parse(prompt).tags().isEmpty()) {
            throw new InvalidRequestException("prompt", prompt, "text without LoRAs, which a request alone applies");
        }
        return promptEncoder().encode(prompt, clipSkip, size, Watch.NONE);
    }

    /**
     * The native runtime's noise levels, for a {@link dev.diffusion4j.scheduler.SigmaScheduler} over them.
     *
     * @param schedule the schedule
     * @param steps how many steps, from 1
     * @param size of the picture; only some families' levels depend on it
     * @return falling, the last one 0
     * @throws InvalidRequestException if the schedule cannot do that many steps or does not exist for the family
     */
    public float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size) {
        Checks.range("steps", steps, 1, GenerationRequest.MAX_STEPS);
        checkSchedule(schedule, steps);
        return parts().calls()
                .call(nativeParts -> nativeParts.sigmas(RuntimeCodes.of(schedule), steps, size.width(), size.height()));
    }

    PromptEncoder promptEncoder() {
        return new PromptEncoder(textEncoders(), parts().calls().info());
    }

    void setLoras(List<Lora> loras, Watch watch) {
        parts().calls().run(nativeParts -> nativeParts.setLoras(loras, watch));
        watch.rethrow();
    }

    Optional<LoraFolder> loraFolder() {
        return loraFolder;
    }

    RandomSource random() {
        return random;
    }

    private UNetParts parts() {
        // On its own thread the model lives until the work in progress has ended.
        if (!thread.isCurrent()) {
            requireOpen();
        }
        if (parts.textEncoders().isEmpty()) {
            throw new ModelFileException(name() + " is a model of the family " + family()
                    + "; the parts of SD 1.x, SD 2.x and SDXL alone run by themselves");
        }
        return parts;
    }

    /** The model family as the runtime names it, such as {@code SD 1.x}. */
    public String family() {
        return info.family();
    }

    /** The name of the device that a part of the model runs on. */
    public String device(StableDiffusionOptions.ModelPart part) {
        return info.devices().get(part.ordinal());
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
        return RuntimeCodes.sampler(info.defaultSampler());
    }

    /** The schedule that is used with a sampler without {@link GenerationRequest#schedule(NoiseSchedule)}. */
    public NoiseSchedule defaultSchedule(Sampler sampler) {
        return switch (sampler) {
            case LCM, TCD -> NoiseSchedule.LCM;
            case DDIM_TRAILING -> NoiseSchedule.SIMPLE;
            default -> RuntimeCodes.schedule(info.defaultSchedule());
        };
    }

    /**
     * Cancels what runs and what is queued, waits until the native code has stopped, and frees the model. May be called
     * from any thread and more than once: every call returns when the model is freed. From a listener, on the model's own
     * thread, it returns at once and the model is freed after the generation. Interrupting it does not shorten the wait,
     * which is for a part of a denoising step.
     *
     * <p>Afterwards everything throws {@link ClosedException} but this method and what tells of the model: name, family,
     * devices, sizes and defaults. So do the parts and the requests that were taken from it; a listener that runs just now can
     * use parts until the native work has stopped. Generations that were running or queued end with
     * {@link GenerationCancelledException}. Pictures and tensors stay valid.
     *
     * <p>If native code fails to free the model, that is thrown.
     *
     * <p>A model that is forgotten without this keeps its memory and its thread; that is logged as a warning, with the place
     * where it was opened, when the garbage collector finds it.
     *
     * <p>A JVM may end without this, in the middle of a generation too: the model's thread is a daemon, and the process of
     * an isolated model ends with its parent.
     */
    @Override
    public void close() {
        boolean first;
        synchronized (closeLock) {
            first = !closed;
            closed = true;
        }
        if (first) {
            forgotten.closed();
            queue.close();
            thread.end(this::free);
        }
        if (!thread.isCurrent()) {
            awaitFreed();
        }
    }

    private void awaitFreed() {
        try {
            freed.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw e;
            }
        }
    }

    private void free() {
        try {
            try (inversions) {
                model.close();
            }
            freed.complete(null);
        } catch (Throwable e) {
            freed.completeExceptionally(e);
        }
    }

    /** How many generations wait for those before them; 0 after {@link #close()}. */
    public int queuedGenerations() {
        return queue.waiting();
    }

    Generation start(GenerationRun run) {
        return queue.add(cancellation -> run.run(thread, model, cancellation));
    }

    /**
     * Refuses to wait on the model's own thread.
     *
     * @throws IllegalStateException from a listener
     */
    void requireOtherThread() {
        if (thread.isCurrent()) {
            throw Generation.waitsForItself();
        }
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

    void requireOpen() {
        if (closed) {
            throw new ClosedException("the model is closed");
        }
    }
}
