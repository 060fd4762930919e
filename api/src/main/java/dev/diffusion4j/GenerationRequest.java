package dev.diffusion4j;

import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.GenerationInputs;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.text.LoraTags;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What all kinds of generation have in common. Setters check what can be checked alone and throw
 * {@link InvalidRequestException}; {@link #generate()}, {@link #generateAll()} and {@link #start()} check the rest.
 *
 * <p>A request is used by one thread at a time and may be run more than once; each run without a {@link #seed(long)}
 * draws a new one.
 *
 * @param <R> the concrete request, returned by every setter
 */
public abstract sealed class GenerationRequest<R extends GenerationRequest<R>>
        permits TextToImageRequest, ImageToImageRequest, InpaintRequest {

    /** The most steps, and the most images in a batch, that a request may ask for. */
    public static final int MAX_STEPS = 1000;

    /** The largest width and height in pixels. */
    public static final int MAX_SIZE = 16384;

    /** The longest prompt in characters; longer ones would be cut into thousands of text-encoder runs. */
    public static final int MAX_PROMPT_LENGTH = 100_000;

    private final StableDiffusion model;
    private final String prompt;
    private String negativePrompt = "";
    private Integer width;
    private Integer height;
    private Integer steps;
    private Double guidanceScale;
    private OptionalDouble imageGuidanceScale = OptionalDouble.empty();
    private double distilledGuidance = 3.5;
    private Sampler sampler;
    private NoiseSchedule schedule;
    /** What the name of the sampler said; null without one. */
    private NoiseSchedule scheduleOfSampler;

    private List<Double> sigmas = List.of();
    private OptionalDouble eta = OptionalDouble.empty();
    private int shiftedTimestep;
    private OptionalDouble flowShift = OptionalDouble.empty();
    private Optional<String> samplerArguments = Optional.empty();
    private Optional<SkipLayerGuidance> skipLayerGuidance = Optional.empty();
    private int clipSkip;
    private Long seed;
    private int batchCount = 1;
    private final List<Lora> loras = new ArrayList<>();
    private Optional<VaeTiling> vaeTiling = Optional.empty();
    private Optional<StepCache> cache = Optional.empty();
    private Optional<HighResFix> highResFix = Optional.empty();
    private List<BufferedImage> referenceImages = List.of();
    private boolean resizeReferenceImages = true;
    private boolean distinctReferenceIndices;
    private Consumer<? super Progress> progressListener;
    private Consumer<? super String> warningListener;
    private PreviewSettings preview;
    private Scheduler scheduler;
    private Consumer<? super DenoisingStep> stepListener;

    /** Which previews are made and who sees them. */
    record PreviewSettings(PreviewMode mode, int everySteps, Consumer<? super Preview> listener) {}

    GenerationRequest(StableDiffusion model, String prompt) {
        this.model = model;
        this.prompt = requirePrompt("prompt", prompt);
        LoraTags.parse(prompt);
    }

    abstract R self();

    abstract GenerationParameters.Task task();

    abstract double strengthOrOne();

    /** The size to use when none was asked for. */
    abstract ImageSize defaultSize(ImageSize nativeSize);

    /** How picture and mask are brought to the output's size. */
    ResizeMode chosenResizeMode() {
        return ResizeMode.STRETCH;
    }

    abstract GenerationInputs inputs(
            int width, int height, ResizeMode mode, List<BufferedImage> references, boolean resize, boolean distinct);

    /**
     * What to avoid. Weights such as {@code (word:1.2)} work as in the prompt. LoRAs cannot be named here: they change the
     * model for both texts.
     */
    public R negativePrompt(String text) {
        negativePrompt = requirePrompt("negativePrompt", text);
        if (!LoraTags.parse(text).tags().isEmpty()) {
            throw new InvalidRequestException(
                    "negativePrompt",
                    text,
                    "text without LoRAs: they change the model for both prompts, name them in the other");
        }
        return self();
    }

    /**
     * The picture's size in pixels. Without it, text-to-image draws at the model's native size and the other tasks at
     * the input picture's. Both must be multiples of {@link StableDiffusion#sizeMultiple()}, which is checked when the
     * request runs; nothing is rounded.
     */
    public R size(int newWidth, int newHeight) {
        width = Checks.range("width", newWidth, 1, MAX_SIZE);
        height = Checks.range("height", newHeight, 1, MAX_SIZE);
        return self();
    }

    /** Denoising steps, 1 to {@value #MAX_STEPS}; {@link StableDiffusion#defaultSteps()} without it. */
    public R steps(int count) {
        steps = Checks.range("steps", count, 1, MAX_STEPS);
        return self();
    }

    /**
     * Classifier-free guidance scale, 0 to 100; 1 switches guidance off and halves the work.
     * {@link StableDiffusion#defaultGuidanceScale()} without it.
     */
    public R guidanceScale(double scale) {
        guidanceScale = Checks.range("guidanceScale", scale, 0, 100);
        return self();
    }

    /** Guidance towards the input picture, 0 to 100, for inpainting and instruction models. */
    public R imageGuidanceScale(double scale) {
        imageGuidanceScale = OptionalDouble.of(Checks.range("imageGuidanceScale", scale, 0, 100));
        return self();
    }

    /** The guidance input of guidance-distilled models such as Flux, 0 to 100; 3.5 without it. */
    public R distilledGuidance(double scale) {
        distilledGuidance = Checks.range("distilledGuidance", scale, 0, 100);
        return self();
    }

    /** The sampler; the model family's default without it. */
    public R sampler(Sampler newSampler) {
        sampler = Objects.requireNonNull(newSampler, "sampler");
        scheduleOfSampler = null;
        return self();
    }

    /**
     * The sampler and, if the choice has one, the noise schedule: {@code samplerChoice(SamplerChoice.of("DPM++ 2M Karras"))}. A
     * {@link #schedule(NoiseSchedule)} that contradicts it is refused when the request runs.
     */
    public R samplerChoice(SamplerChoice choice) {
        sampler(choice.sampler());
        scheduleOfSampler = choice.schedule().orElse(null);
        return self();
    }

    /** The noise schedule; the sampler's default without it. */
    public R schedule(NoiseSchedule newSchedule) {
        schedule = Objects.requireNonNull(newSchedule, "schedule");
        return self();
    }

    /**
     * Runs the loop in Java over the model's parts, with this scheduler in place of the native sampler: one of this library's or
     * any other implementation, whose {@link Scheduler#name()} the picture's parameters carry. A scheduler that
     * has a plan already ({@code withSteps}, {@code withSigmas}) is used as it is; one without gets the request's steps
     * and strength. Noise comes from the request's seed. Models with a U-Net only; options of the native sampler
     * (sampler, schedule, sigmas, eta, cache and the like), previews and reference pictures do not go with it.
     */
    public R scheduler(Scheduler newScheduler) {
        scheduler = Objects.requireNonNull(newScheduler, "scheduler");
        return self();
    }

    /**
     * Sees each step of the loop over a {@link #scheduler}, on the model's own thread, and may change latents and
     * guidance. An exception from it cancels the generation and reaches the caller.
     */
    public R onStep(Consumer<? super DenoisingStep> listener) {
        stepListener = Objects.requireNonNull(listener, "listener");
        return self();
    }

    /**
     * Noise levels of your own in place of a schedule: at least two, finite, falling, the last 0 for a finished
     * picture. Sets the number of steps to one less than their number.
     */
    public R sigmas(double... levels) {
        if (levels.length < 2 || levels.length > MAX_STEPS + 1) {
            throw new InvalidRequestException(
                    "sigmas", levels.length + " values", "from 2 to " + (MAX_STEPS + 1) + " values");
        }
        List<Double> values = new ArrayList<>(levels.length);
        for (int i = 0; i < levels.length; i++) {
            if (!(levels[i] >= 0 && levels[i] < 1e6) || (i > 0 && levels[i] >= levels[i - 1])) {
                throw new InvalidRequestException("sigmas[" + i + "]", levels[i], "finite, 0 or above, and falling");
            }
            values.add(levels[i]);
        }
        sigmas = List.copyOf(values);
        return self();
    }

    /** Stochasticity of samplers that have it, 0 to 10; the sampler's own default without it. */
    public R eta(double value) {
        eta = OptionalDouble.of(Checks.range("eta", value, 0, 10));
        return self();
    }

    /** Timestep shift of SDXL turbo models, 0 (none) to 999. */
    public R shiftedTimestep(int timestep) {
        shiftedTimestep = Checks.range("shiftedTimestep", timestep, 0, 999);
        return self();
    }

    /** Shift of flow-matching models, above 0 and up to 100; the model's own without it. */
    public R flowShift(double shift) {
        if (!(shift > 0 && shift <= 100)) {
            throw new InvalidRequestException("flowShift", shift, "above 0 and up to 100");
        }
        flowShift = OptionalDouble.of(shift);
        return self();
    }

    /** Further {@code key=value,...} arguments that single samplers of the runtime know. */
    public R samplerArguments(String arguments) {
        if (!arguments.matches("[\\w.]+=[\\w.+-]+(,[\\w.]+=[\\w.+-]+)*")) {
            throw new InvalidRequestException("samplerArguments", arguments, "key=value pairs separated by commas");
        }
        samplerArguments = Optional.of(arguments);
        return self();
    }

    /** Skip-layer guidance, for diffusion transformers. */
    public R skipLayerGuidance(SkipLayerGuidance guidance) {
        skipLayerGuidance = Optional.of(guidance);
        return self();
    }

    /** Which of CLIP's last layers to use: 1 the last, 2 the one before; 0 for the model's own. At most 12. */
    public R clipSkip(int layers) {
        clipSkip = Checks.range("clipSkip", layers, 0, 12);
        return self();
    }

    /** The seed of the first image, 0 or above; image i of a batch uses {@code seed + i}. Random without it. */
    public R seed(long value) {
        if (value < 0 || value > Long.MAX_VALUE - MAX_STEPS) {
            throw new InvalidRequestException("seed", value, "from 0 to " + (Long.MAX_VALUE - MAX_STEPS));
        }
        seed = value;
        return self();
    }

    /** How many images to draw, 1 to 1000. Use {@link #generateAll()} for more than one. */
    public R batchCount(int count) {
        batchCount = Checks.range("batchCount", count, 1, 1000);
        return self();
    }

    /** As {@link #lora(Lora)}, with one strength for all parts of the model. */
    public R lora(Path path, double multiplier) {
        return lora(new Lora(path, multiplier));
    }

    /**
     * Applies a LoRA to this request, beside those that its prompt names. May be called more than once. A file of which the
     * model can use nothing is an error when the request runs; what else of a file cannot be used is a warning.
     */
    public R lora(Lora lora) {
        loras.add(Objects.requireNonNull(lora, "lora"));
        return self();
    }

    /** Runs the VAE in tiles, which bounds its memory at large sizes. */
    public R vaeTiling(VaeTiling tiling) {
        vaeTiling = Optional.of(tiling);
        return self();
    }

    /** Reuses work of earlier steps. */
    public R cache(StepCache newCache) {
        cache = Optional.of(newCache);
        return self();
    }

    /** Adds a second pass at a larger size; the result has the larger size. */
    public R highResFix(HighResFix fix) {
        highResFix = Optional.of(fix);
        return self();
    }

    /**
     * Pictures that instruction and context models (InstructPix2Pix, Flux Kontext, Qwen Image Edit) look at.
     *
     * <p>They are looked at when the generation's turn has come, and must not be changed before it has ended.
     *
     * @param images the pictures, in the order the prompt speaks of them
     */
    public R referenceImages(List<BufferedImage> images) {
        referenceImages = List.copyOf(images);
        return self();
    }

    /** Whether reference pictures are resized to the output's area (true without it). */
    public R resizeReferenceImages(boolean resize) {
        resizeReferenceImages = resize;
        return self();
    }

    /** Whether each reference picture gets a position index of its own, for models trained that way. */
    public R distinctReferenceIndices(boolean distinct) {
        distinctReferenceIndices = distinct;
        return self();
    }

    /**
     * Receives progress on the model's own thread; it should return quickly. An exception from it cancels the
     * generation and reaches the caller. It cannot wait for a generation of this model, nor call its parts
     * ({@link IllegalStateException}), but may start generations, cancel and close.
     */
    public R onProgress(Consumer<? super Progress> listener) {
        progressListener = listener;
        return self();
    }

    /**
     * Receives what was asked for and will not be done, a sentence each, on the model's own thread; without a listener it is
     * logged. {@link GeneratedImage#warnings()} has all of it afterwards. An exception from the listener cancels the generation
     * and reaches the caller.
     */
    public R onWarning(Consumer<? super String> listener) {
        warningListener = Objects.requireNonNull(listener, "listener");
        return self();
    }

    /**
     * Receives previews on the model's own thread.
     *
     * @param mode how previews are made
     * @param everySteps every so many steps, from 1
     * @param listener called with each; an exception from it cancels the generation and reaches the caller
     */
    public R onPreview(PreviewMode mode, int everySteps, Consumer<? super Preview> listener) {
        preview = new PreviewSettings(
                Objects.requireNonNull(mode, "mode"),
                Checks.range("preview.everySteps", everySteps, 1, MAX_STEPS),
                Objects.requireNonNull(listener, "listener"));
        return self();
    }

    /**
     * Draws one image and waits for it.
     *
     * @throws InvalidRequestException if the request cannot be done, or asks for more than one image
     * @throws GenerationCancelledException if the thread is interrupted (its interrupt status stays set)
     * @throws ModelFileException if a LoRA cannot be used
     * @throws OutOfNativeMemoryException if memory does not suffice
     * @throws NativeFailureException if the runtime fails otherwise
     * @throws QueueFullException if too many generations wait for the model
     * @throws ClosedException if the model was closed
     * @throws IllegalStateException if it is called from a listener of this model
     */
    public GeneratedImage generate() {
        if (batchCount != 1) {
            throw new InvalidRequestException("batchCount", batchCount, "1 for generate(); use generateAll()");
        }
        return generateAll().getFirst();
    }

    /**
     * Draws all images of the batch and waits for them. Throws what {@link #generate()} throws.
     *
     * @return the images, in the order of their seeds
     */
    public List<GeneratedImage> generateAll() {
        model.requireOtherThread();
        return start().await();
    }

    /**
     * Checks the request, queues it on the model and returns at once. Pictures that were given with it are not copied: they
     * are looked at when the generation's turn has come, and must not be changed before it has ended.
     *
     * @return a handle to wait with, to cancel, and to get a future from
     * @throws InvalidRequestException if the request cannot be done
     * @throws ModelFileException if a LoRA cannot be used
     * @throws QueueFullException if too many generations wait for the model
     * @throws ClosedException if the model was closed
     */
    public Generation start() {
        model.requireOpen();
        Optional<DenoisingLoop.Settings> loop = loop();
        Warnings warnings = new Warnings(warningListener);
        GenerationParameters parameters = parameters(loop, warnings);
        List<BufferedImage> references = referenceImages;
        boolean resize = resizeReferenceImages;
        boolean distinct = distinctReferenceIndices;
        ResizeMode mode = chosenResizeMode();
        Supplier<GenerationInputs> inputs =
                () -> inputs(parameters.width(), parameters.height(), mode, references, resize, distinct);
        return model.start(new GenerationRun(model, parameters, inputs, progressListener, preview, warnings, loop));
    }

    private Optional<DenoisingLoop.Settings> loop() {
        if (scheduler == null) {
            if (stepListener != null) {
                throw new InvalidRequestException("onStep", "given", "used with a scheduler(...)");
            }
            return Optional.empty();
        }
        requireNoNativeOptions();
        boolean seesMask = model.unet().inChannels() > model.unet().latentChannels();
        if (seesMask && task() != GenerationParameters.Task.INPAINT) {
            throw new InvalidRequestException(
                    "scheduler", scheduler, "absent: this model is for inpainting and needs a mask");
        }
        boolean planned = scheduler.steps() > 0;
        if (planned && steps != null && steps != scheduler.steps()) {
            throw new InvalidRequestException("steps", steps, "the scheduler's own, " + scheduler.steps());
        }
        Scheduler plan = planned ? scheduler : scheduler.withSteps(stepsOrDefault(), strengthOrOne());
        return Optional.of(new DenoisingLoop.Settings(plan, stepListener));
    }

    private void requireNoNativeOptions() {
        Map<String, Boolean> nativeOptions = new LinkedHashMap<>();
        nativeOptions.put("sampler", sampler != null);
        nativeOptions.put("schedule", schedule != null);
        nativeOptions.put("sigmas", !sigmas.isEmpty());
        nativeOptions.put("eta", eta.isPresent());
        nativeOptions.put("imageGuidanceScale", imageGuidanceScale.isPresent());
        nativeOptions.put("shiftedTimestep", shiftedTimestep != 0);
        nativeOptions.put("flowShift", flowShift.isPresent());
        nativeOptions.put("samplerArguments", samplerArguments.isPresent());
        nativeOptions.put("skipLayerGuidance", skipLayerGuidance.isPresent());
        nativeOptions.put("cache", cache.isPresent());
        nativeOptions.put("highResFix", highResFix.isPresent());
        nativeOptions.put("referenceImages", !referenceImages.isEmpty());
        nativeOptions.put("onPreview", preview != null);
        nativeOptions.forEach((field, given) -> {
            if (given) {
                throw new InvalidRequestException(
                        field, "given", "absent with a scheduler: it belongs to the native sampler");
            }
        });
    }

    private int stepsOrDefault() {
        return steps != null ? steps : model.defaultSteps();
    }

    private GenerationParameters parameters(Optional<DenoisingLoop.Settings> loop, Warnings warnings) {
        ImageSize size = checkedSize();
        Sampler chosenSampler = sampler != null ? sampler : model.defaultSampler();
        NoiseSchedule chosenSchedule = schedule(chosenSampler);
        int chosenSteps = loop.map(settings -> settings.scheduler().steps())
                .orElseGet(() -> sigmas.isEmpty() ? stepsOrDefault() : sigmas.size() - 1);
        if (sigmas.isEmpty() && loop.isEmpty()) {
            model.checkSchedule(chosenSchedule, chosenSteps);
        }
        List<Lora> allLoras = allLoras(warnings);
        allLoras.forEach(lora -> model.checkLora(lora.path()));
        long chosenSeed = seed != null ? seed : ThreadLocalRandom.current().nextLong(1L << 32);
        return new GenerationParameters(
                task(),
                prompt,
                negativePrompt,
                size.width(),
                size.height(),
                chosenSteps,
                guidanceScale != null ? guidanceScale : model.defaultGuidanceScale(),
                imageGuidanceScale,
                distilledGuidance,
                chosenSampler,
                chosenSchedule,
                loop.map(settings -> Objects.requireNonNull(settings.scheduler().name(), "scheduler.name")),
                sigmas,
                eta,
                shiftedTimestep,
                flowShift,
                samplerArguments,
                skipLayerGuidance,
                clipSkip,
                strengthOrOne(),
                chosenSeed,
                batchCount,
                allLoras,
                vaeTiling,
                cache,
                highResFix);
    }

    private NoiseSchedule schedule(Sampler chosenSampler) {
        if (schedule != null && scheduleOfSampler != null && schedule != scheduleOfSampler) {
            throw new InvalidRequestException(
                    "schedule", schedule, scheduleOfSampler + ", as the name of the sampler says, or absent");
        }
        return Stream.of(schedule, scheduleOfSampler)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseGet(() -> model.defaultSchedule(chosenSampler));
    }

    /** Those that were given and those that the prompt names. */
    private List<Lora> allLoras(Warnings warnings) {
        List<LoraTags.Tag> tags = LoraTags.parse(prompt).tags();
        if (!tags.isEmpty() && model.loraFolder().isEmpty()) {
            String names = tags.stream().map(LoraTags.Tag::name).collect(Collectors.joining(", "));
            warnings.addBefore("the prompt names LoRAs (" + names
                    + "), which are left out: the model was opened without a folder to look for them");
        }
        Stream<Lora> named =
                model.loraFolder().stream().flatMap(folder -> tags.stream().map(folder::find));
        return Stream.concat(loras.stream(), named).toList();
    }

    private ImageSize checkedSize() {
        ImageSize size = width != null ? new ImageSize(width, height) : defaultSize(model.nativeSize());
        int multiple = model.sizeMultiple();
        requireMultiple("width", size.width(), multiple);
        requireMultiple("height", size.height(), multiple);
        highResFix.ifPresent(fix -> {
            requireMultiple("width * highResFix.scale", (int) Math.round(size.width() * fix.scale()), multiple);
            requireMultiple("height * highResFix.scale", (int) Math.round(size.height() * fix.scale()), multiple);
        });
        return size;
    }

    private static void requireMultiple(String field, int value, int multiple) {
        if (value % multiple != 0 || value > MAX_SIZE) {
            int below = Math.min(value, MAX_SIZE) / multiple * multiple;
            String nearest =
                    below == 0 ? "" + multiple : value > MAX_SIZE ? "" + below : below + " or " + (below + multiple);
            throw new InvalidRequestException(
                    field, value, "a multiple of " + multiple + " for this model (nearest: " + nearest + ")");
        }
    }

    private static String requirePrompt(String field, String text) {
        if (text.length() > MAX_PROMPT_LENGTH) {
            throw new InvalidRequestException(
                    field, text.length() + " characters", "at most " + MAX_PROMPT_LENGTH + " characters");
        }
        if (text.indexOf('\0') >= 0) {
            throw new InvalidRequestException(field, "text with a NUL character", "text without NUL characters");
        }
        return text;
    }
}
