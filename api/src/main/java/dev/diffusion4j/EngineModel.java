package dev.diffusion4j;

import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.ControlNet;
import dev.diffusion4j.component.Denoiser;
import dev.diffusion4j.component.DiffusionTransformer;
import dev.diffusion4j.component.UNet;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.component.EngineTransformer;
import dev.diffusion4j.internal.component.EngineUNet;
import dev.diffusion4j.internal.component.ModelComponents;
import dev.diffusion4j.internal.engine.Engine;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.EngineThread;
import dev.diffusion4j.internal.engine.ModelInfo;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.internal.pipeline.PromptEncoder;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.ModelComponent;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.modelfile.ModelFile;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tokenizer.LoraTags;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** A model over an engine. */
final class EngineModel implements DiffusionModel {

    /** Of a transformer that wants one where nothing says more: FLUX.1 dev's. */
    private static final double DISTILLED_GUIDANCE = 3.5;

    private final Engine engine;
    private final ModelInfo info;
    private final EngineThread thread;
    private final String name;
    private final ModelFile file;
    private final ModelOptions options;
    private final Optional<ModelFamily> photoMaker;
    private final ModelComponents components;
    private final RequestResolver resolver;
    private final VideoRequestResolver videoResolver;
    private final EngineLifetime lifetime;

    private EngineModel(
            Engine engine,
            EngineThread thread,
            ModelInfo info,
            String name,
            ModelFile file,
            ModelOptions options,
            LearnedFiles inversions,
            Optional<LoraFolder> loraFolder) {
        this.engine = engine;
        this.thread = thread;
        this.info = info;
        this.name = name;
        this.file = file;
        this.options = options;
        lifetime = new EngineLifetime(
                thread, options.queueCapacity(), ForgottenModel.watch(this, name), () -> free(engine, inversions));
        EngineCalls calls = new EngineCalls(thread, engine, info, lifetime::isClosed);
        components = ModelComponents.of(
                calls,
                inversions.inversions(),
                List.copyOf(options.controlNets().keySet()),
                file.generationDefaults().distilledGuidance().orElse(DISTILLED_GUIDANCE));
        photoMaker = options.photoMaker().map(path -> ModelFile.read(path).family());
        Optional<IdentityCheck> identityCheck = photoMaker.map(version -> new IdentityCheck(
                version, () -> components.textEncoders().getFirst().tokenizer()));
        resolver = new RequestResolver(
                this, file, info, loraFolder, options.controlNets().keySet(), identityCheck);
        videoResolver = new VideoRequestResolver(info, file.family(), options, resolver);
    }

    /**
     * Opens a model over what computes.
     *
     * @param engine opens it, on the model's thread
     * @param mainFile what the model's file says
     * @param inversions the textual inversions, which it closes, also if it fails
     * @param loraFolder where LoRAs are that prompts name
     */
    static EngineModel open(
            Supplier<? extends Engine> engine,
            String name,
            ModelFile mainFile,
            ModelOptions options,
            LearnedFiles inversions,
            Optional<LoraFolder> loraFolder) {
        EngineThread thread = new EngineThread("diffusion4j " + name);
        try {
            Engine opened = thread.callUninterruptibly(engine::get);
            try {
                ModelInfo info = thread.callUninterruptibly(opened::info);
                if (!info.generatesImages() && info.videoInputs().isEmpty()) {
                    throw new ModelFileException(mainFile.path() + " is a model of the family " + info.family()
                            + ", which makes neither pictures nor videos");
                }
                return new EngineModel(opened, thread, info, name, mainFile, options, inversions, loraFolder);
            } catch (Throwable e) {
                cleanUp(
                        e,
                        () -> thread.callUninterruptibly(() -> {
                            opened.close();
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

    @Override
    public ImageGeneration textToImage(String prompt) {
        lifetime.requireOpen();
        return DiffusionModel.super.textToImage(prompt);
    }

    @Override
    public ImageGeneration imageToImage(InitImage image, String prompt) {
        lifetime.requireOpen();
        requireVaeEncoder();
        return DiffusionModel.super.imageToImage(image, prompt);
    }

    private void requireVaeEncoder() {
        if (!info.hasVaeEncoder()) {
            throw new ModelFileException(
                    name() + " cannot redraw pictures: its VAE has a decoder alone; open it with vae(...)"
                            + " or tinyAutoencoder(...) from a file that has an encoder");
        }
    }

    @Override
    public Generation<List<GeneratedImage>> startAll(ImageRequest request, GenerationListener listener) {
        lifetime.requireOpen();
        if (request.initImage().isPresent()) {
            requireVaeEncoder();
        }
        Warnings warnings = new Warnings(listener.warnings());
        ImageRequest resolved = resolver.resolve(request, listener, warnings);
        GenerationRun run = new GenerationRun(resolved, request.loras(), listener, warnings, info, name());
        return lifetime.queue()
                .add(cancellation -> run.run(thread, engine, components, options.random(), cancellation));
    }

    @Override
    public Generation<GeneratedVideo> start(VideoRequest request, GenerationListener listener) {
        lifetime.requireOpen();
        Warnings warnings = new Warnings(listener.warnings());
        VideoRequest resolved = videoResolver.resolve(request, listener, warnings);
        if (request.hasPictures()) {
            requireVaeEncoder();
        }
        int passes = options.components().containsKey(ModelComponent.HIGH_NOISE_DIFFUSION_MODEL) ? 2 : 1;
        VideoRun run = new VideoRun(resolved, request.loras(), passes, listener, warnings, info, name());
        return lifetime.queue().add(cancellation -> run.run(thread, engine, cancellation));
    }

    @Override
    public GeneratedVideo generate(VideoRequest request, GenerationListener listener) {
        // As for pictures.
        if (thread.isCurrent()) {
            throw Generation.waitsForItself();
        }
        return start(request, listener).await();
    }

    @Override
    public List<GeneratedImage> generateAll(ImageRequest request, GenerationListener listener) {
        // Asked before it is queued, so that nothing is left behind where waiting is refused.
        if (thread.isCurrent()) {
            throw Generation.waitsForItself();
        }
        return startAll(request, listener).await();
    }

    @Override
    public List<ClipTextEncoder> textEncoders() {
        List<ClipTextEncoder> encoders = List.copyOf(components().textEncoders());
        if (encoders.isEmpty()) {
            throw otherKind("text encoders run together, by encodePrompt");
        }
        return encoders;
    }

    @Override
    public Denoiser denoiser() {
        return switch (components().denoiser()) {
            case EngineUNet unet -> unet;
            case EngineTransformer transformer -> transformer;
        };
    }

    @Override
    public UNet unet() {
        if (components().denoiser() instanceof EngineUNet unet) {
            return unet;
        }
        throw otherKind("denoiser is no U-Net: transformer() gives it");
    }

    @Override
    public DiffusionTransformer transformer() {
        if (components().denoiser() instanceof EngineTransformer transformer) {
            return transformer;
        }
        throw otherKind("denoiser is no transformer: unet() gives it");
    }

    private ModelFileException otherKind(String reason) {
        return new ModelFileException(name() + " is a model of the family " + info.family() + ", whose " + reason);
    }

    @Override
    public Vae vae() {
        return components().vae();
    }

    @Override
    public List<ControlNet> controlNets() {
        return List.copyOf(components().controlNets());
    }

    @Override
    public Conditioning encodePrompt(String prompt) {
        return encodePrompt(prompt, OptionalInt.empty(), nativeSize());
    }

    @Override
    public Conditioning encodePrompt(String prompt, int clipSkip, ImageSize size) {
        if (!family().takesClipSkip()) {
            throw new InvalidRequestException(
                    "clipSkip",
                    clipSkip,
                    "absent: a model of the family " + family().displayName() + " is told no hidden states of a CLIP");
        }
        return encodePrompt(prompt, OptionalInt.of(clipSkip), size);
    }

    private Conditioning encodePrompt(String prompt, OptionalInt clipSkip, ImageSize size) {
        if (!LoraTags.parse(prompt).tags().isEmpty()) {
            throw new InvalidRequestException("prompt", prompt, "text without LoRAs, which a request alone applies");
        }
        return PromptEncoder.of(components()).encode(prompt, clipSkip, size, Watch.NONE);
    }

    @Override
    public float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size) {
        Checks.range("steps", steps, 1, ImageRequest.MAX_STEPS);
        resolver.requireSchedule(schedule, steps);
        return components().calls().call(opened -> opened.noiseLevels(schedule, steps, size));
    }

    private ModelComponents components() {
        // On its own thread the model lives until the work in progress has ended.
        if (!thread.isCurrent()) {
            lifetime.requireOpen();
        }
        if (!info.components().exist()) {
            throw new ModelFileException(name() + " is a model of the family " + info.family()
                    + "; the components of SD 1.x, SD 2.x, SDXL, SD 3, FLUX.1, Chroma, FLUX.2, Z-Image and Qwen-Image alone run by"
                    + " themselves");
        }
        if (photoMaker.isPresent()) {
            throw new ModelFileException(name()
                    + " was opened with PhotoMaker; the components of models without it alone" + " run by themselves");
        }
        return components;
    }

    @Override
    public ModelFamily family() {
        return file.family();
    }

    @Override
    public String device(ComponentKind component) {
        return Objects.requireNonNull(info.devices().get(component));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public ImageSize nativeSize() {
        return file.nativeSize().orElseGet(DiffusionModel.super::nativeSize);
    }

    @Override
    public int sizeMultiple() {
        // The runtime counts latents alone, and has pixels for latents where there is no VAE.
        return Math.max(info.sizeMultiple(), file.pixelPatch());
    }

    @Override
    public int defaultSteps() {
        return file.generationDefaults().steps();
    }

    @Override
    public double defaultGuidanceScale() {
        return file.generationDefaults().guidanceScale();
    }

    @Override
    public Sampler defaultSampler() {
        return info.defaultSampler();
    }

    @Override
    public NoiseSchedule defaultSchedule(Sampler sampler) {
        return switch (sampler) {
            case LCM, TCD -> NoiseSchedule.LCM;
            case DDIM_TRAILING -> NoiseSchedule.SIMPLE;
            default -> info.defaultSchedule();
        };
    }

    @Override
    public void close() {
        lifetime.close();
    }

    private static void free(Engine engine, LearnedFiles inversions) {
        try (inversions) {
            engine.close();
        }
    }

    @Override
    public int queuedGenerations() {
        return lifetime.queue().waiting();
    }
}
