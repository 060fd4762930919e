package dev.diffusion4j;

import dev.diffusion4j.component.Autoencoder;
import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.component.ControlNet;
import dev.diffusion4j.component.Denoiser;
import dev.diffusion4j.component.DiffusionTransformer;
import dev.diffusion4j.component.UNet;
import dev.diffusion4j.component.Vae;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.error.NativeLibraryException;
import dev.diffusion4j.error.OutOfNativeMemoryException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.modelfile.ComponentKind;
import dev.diffusion4j.modelfile.GenerationDefaults;
import dev.diffusion4j.modelfile.ModelFamily;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.ModelOptions;
import dev.diffusion4j.request.NoiseSchedule;
import dev.diffusion4j.request.References;
import dev.diffusion4j.request.Sampler;
import dev.diffusion4j.request.VideoRequest;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;

/**
 * An open diffusion model.
 *
 * {@snippet :
 * try (DiffusionModel model = DiffusionModel.open(Path.of("model.safetensors"))) {
 *     model.textToImage("a red circle on a white background").seed(42).generate().save(Path.of("circle.png"));
 * }
 * }
 *
 * <p>Safe for use by several threads: each model owns one thread on which its native calls run one after another, in
 * the order they were made. A generation that has to wait for that is queued, up to the
 * {@linkplain ModelOptions#queueCapacity() capacity} of the queue. Listeners are called on that thread, too:
 * they must not wait there for what the model does on other threads' behalf, and are refused with
 * {@link IllegalStateException} if they wait for a generation, or call a component from within native code. {@link #close()}
 * cancels what runs, waits for it and frees the model.
 *
 * <p>A model that was opened {@linkplain ModelOptions#isolation() isolated} lives in a process of its own and is used in the same
 * way.
 *
 * <p>An interface, so that an application's tests can have a model of their own: what such a model has no answer for can be left
 * out where there is a default. {@link Generation#completed} and {@link GeneratedImage#of} make what it hands out.
 */
public interface DiffusionModel extends AutoCloseable {

    /**
     * Opens a model file (safetensors, GGUF or checkpoint) with default options. Weights are read on first use.
     *
     * @throws ModelFileException if the file is missing, damaged, or no model that makes pictures or videos
     * @throws NativeLibraryException if the native library cannot be used here
     */
    static DiffusionModel open(Path model) {
        return open(model, ModelOptions.DEFAULT);
    }

    /**
     * Opens a model file. The file and all files of the options are checked before native code sees them.
     *
     * @throws ModelFileException if a file is missing, damaged or not what it is given as
     * @throws DeviceUnavailableException if a device is not there
     * @throws NativeLibraryException if the native library cannot be used here
     * @throws InvalidRequestException if options contradict each other
     */
    static DiffusionModel open(Path model, ModelOptions options) {
        return new ModelOpener(options).open(model);
    }

    /** Opens a model whose components are all files of their own, the denoiser among them. Throws what {@link #open(Path)} throws. */
    static DiffusionModel open(ModelOptions options) {
        return new ModelOpener(options).open();
    }

    /** Begins opening a model with options of your own. */
    static ModelOpener options() {
        return new ModelOpener(ModelOptions.DEFAULT);
    }

    /**
     * Generates the images of a request, and returns at once: the request is checked and queued.
     *
     * @return a handle to wait with, to cancel, and to get a future from; the images come in the order of their seeds
     * @throws InvalidRequestException if the model cannot do the request
     * @throws ModelFileException if a LoRA cannot be used, or the model's VAE cannot read pictures
     * @throws QueueFullException if too many generations wait for the model
     * @throws ClosedException if the model was closed
     */
    Generation<List<GeneratedImage>> startAll(ImageRequest request, GenerationListener listener);

    /** As {@link #startAll(ImageRequest, GenerationListener)}, with nobody who listens. */
    default Generation<List<GeneratedImage>> startAll(ImageRequest request) {
        return startAll(request, GenerationListener.NONE);
    }

    /**
     * Generates the one image of a request, as {@link #startAll(ImageRequest, GenerationListener)}.
     *
     * @throws InvalidRequestException also if the request asks for more than one
     */
    default Generation<GeneratedImage> start(ImageRequest request, GenerationListener listener) {
        return startAll(requireOne(request), listener).map(List::getFirst);
    }

    /** As {@link #start(ImageRequest, GenerationListener)}, with nobody who listens. */
    default Generation<GeneratedImage> start(ImageRequest request) {
        return start(request, GenerationListener.NONE);
    }

    /**
     * Generates all images of a request and waits for them. Throws what {@link #generate(ImageRequest, GenerationListener)}
     * throws.
     *
     * @return the images, in the order of their seeds
     */
    default List<GeneratedImage> generateAll(ImageRequest request, GenerationListener listener) {
        return startAll(request, listener).await();
    }

    /** As {@link #generateAll(ImageRequest, GenerationListener)}, with nobody who listens. */
    default List<GeneratedImage> generateAll(ImageRequest request) {
        return generateAll(request, GenerationListener.NONE);
    }

    /**
     * Generates the one image of a request and waits for it.
     *
     * @throws InvalidRequestException if the model cannot do the request, or it asks for more than one image
     * @throws GenerationCancelledException if the thread is interrupted (its interrupt status stays set)
     * @throws ModelFileException if a LoRA cannot be used
     * @throws OutOfNativeMemoryException if memory does not suffice
     * @throws NativeFailureException if the runtime fails otherwise
     * @throws QueueFullException if too many generations wait for the model
     * @throws ClosedException if the model was closed
     * @throws IllegalStateException if it is called from a listener of this model
     */
    default GeneratedImage generate(ImageRequest request, GenerationListener listener) {
        return generateAll(requireOne(request), listener).getFirst();
    }

    /** As {@link #generate(ImageRequest, GenerationListener)}, with nobody who listens. */
    default GeneratedImage generate(ImageRequest request) {
        return generate(request, GenerationListener.NONE);
    }

    private static ImageRequest requireOne(ImageRequest request) {
        if (request.batchCount() != 1) {
            throw new InvalidRequestException(
                    "batchCount", request.batchCount(), "1; for more use generateAll or startAll");
        }
        return request;
    }

    /**
     * Generates a video, and returns at once: the request is checked and queued. With models that make none it is refused.
     *
     * @return a handle to wait with, to cancel, and to get a future from
     * @throws InvalidRequestException if the model cannot do the request
     * @throws ModelFileException if a LoRA cannot be used, or the model's VAE cannot read pictures
     * @throws QueueFullException if too many generations wait for the model
     * @throws ClosedException if the model was closed
     */
    default Generation<GeneratedVideo> start(VideoRequest request, GenerationListener listener) {
        throw new UnsupportedOperationException("this model makes no videos");
    }

    /** As {@link #start(VideoRequest, GenerationListener)}, with nobody who listens. */
    default Generation<GeneratedVideo> start(VideoRequest request) {
        return start(request, GenerationListener.NONE);
    }

    /**
     * Generates a video and waits for it. Throws what {@link #generate(ImageRequest, GenerationListener)} and
     * {@link #start(VideoRequest, GenerationListener)} throw.
     */
    default GeneratedVideo generate(VideoRequest request, GenerationListener listener) {
        return start(request, listener).await();
    }

    /** As {@link #generate(VideoRequest, GenerationListener)}, with nobody who listens. */
    default GeneratedVideo generate(VideoRequest request) {
        return generate(request, GenerationListener.NONE);
    }

    /** Begins {@linkplain VideoRequest#textToVideo text-to-video}, for the families that {@linkplain ModelFamily#can can}. */
    default VideoGeneration textToVideo(String prompt) {
        return new VideoGeneration(this, VideoRequest.textToVideo(prompt).build());
    }

    /** Begins {@linkplain VideoRequest#imageToVideo image-to-video}: the video begins with the picture. */
    default VideoGeneration imageToVideo(BufferedImage firstFrame, String prompt) {
        return new VideoGeneration(
                this, VideoRequest.imageToVideo(Picture.of(firstFrame), prompt).build());
    }

    /** Begins {@linkplain ImageRequest#textToImage text-to-image}. */
    default ImageGeneration textToImage(String prompt) {
        return new ImageGeneration(this, ImageRequest.textToImage(prompt).build());
    }

    /** Begins {@linkplain ImageRequest#imageToImage image-to-image}, with what is usual for the picture. */
    default ImageGeneration imageToImage(BufferedImage image, String prompt) {
        return imageToImage(InitImage.of(image), prompt);
    }

    /** Begins {@linkplain ImageRequest#imageToImage image-to-image}, or with a mask inpainting. */
    default ImageGeneration imageToImage(InitImage image, String prompt) {
        return new ImageGeneration(
                this, ImageRequest.imageToImage(image, prompt).build());
    }

    /** Begins {@linkplain ImageRequest#inpaint inpainting}: white in the mask is redrawn. */
    default ImageGeneration inpaint(BufferedImage image, BufferedImage mask, String prompt) {
        return imageToImage(InitImage.of(image).withMask(mask), prompt);
    }

    /** Begins {@linkplain ImageRequest#edit editing}, for the families that {@linkplain ModelFamily#can can}. */
    default ImageGeneration edit(BufferedImage image, String instruction) {
        return new ImageGeneration(
                this, ImageRequest.edit(References.of(image), instruction).build());
    }

    /** The family, which says what the model can do. */
    ModelFamily family();

    /** The name of the model's file. */
    String name();

    /** The name of the device that a kind of component runs on. */
    default String device(ComponentKind component) {
        return "CPU";
    }

    /** The size the model draws best, in pixels: what its file says, otherwise its family's usual one. */
    default ImageSize nativeSize() {
        return family().nativeSize().orElse(new ImageSize(512, 512));
    }

    /**
     * The size to redraw a picture at: about its own, no larger than what the model draws best, and one that the model can draw.
     *
     * @param picture its size in pixels
     */
    default ImageSize sizeFor(ImageSize picture) {
        ImageSize best = nativeSize();
        double pixels = (double) picture.width() * picture.height();
        double factor = Math.min(1, Math.sqrt((double) best.width() * best.height() / pixels));
        return new ImageSize(drawnSide(picture.width() * factor), drawnSide(picture.height() * factor));
    }

    private int drawnSide(double pixels) {
        return Math.max(1, (int) Math.round(pixels / sizeMultiple())) * sizeMultiple();
    }

    /** Width and height of pictures must be multiples of this many pixels. */
    default int sizeMultiple() {
        return 64;
    }

    /** The denoising steps that are used unless a request says otherwise, as {@link GenerationDefaults} says. */
    default int defaultSteps() {
        return GenerationDefaults.of(family()).steps();
    }

    /** The guidance scale that is used unless a request says otherwise, as {@link GenerationDefaults} says. */
    default double defaultGuidanceScale() {
        return GenerationDefaults.of(family()).guidanceScale();
    }

    /** The sampler that is used unless a request says otherwise. */
    default Sampler defaultSampler() {
        return Sampler.EULER_A;
    }

    /** The schedule that is used with a sampler unless a request says otherwise. */
    default NoiseSchedule defaultSchedule(Sampler sampler) {
        return NoiseSchedule.DISCRETE;
    }

    /**
     * The tokenizer of the first text encoder, with the model's textual inversions.
     *
     * @throws ModelFileException if the family has none
     */
    default ClipTokenizer tokenizer() {
        return textEncoder().tokenizer();
    }

    /**
     * The text encoder by itself; SDXL's first. Those of families with a transformer run together, by {@link #encodePrompt}.
     *
     * @throws ModelFileException if the family is none with a U-Net
     */
    default ClipTextEncoder textEncoder() {
        return textEncoders().getFirst();
    }

    /**
     * All text encoders: one, or SDXL's two.
     *
     * @throws ModelFileException as {@link #textEncoder()}
     */
    default List<ClipTextEncoder> textEncoders() {
        throw new UnsupportedOperationException("this model has no text encoders");
    }

    /**
     * The denoiser by itself: {@link #unet()} or {@link #transformer()}.
     *
     * @throws ModelFileException if the family is one whose components do not run by themselves; those of SD 1.x, 2.x, SDXL, SD 3,
     *     FLUX.1, FLUX.2, Z-Image and Qwen-Image do
     */
    default Denoiser denoiser() {
        return unet();
    }

    /**
     * The denoiser by itself, where it is a U-Net.
     *
     * @throws ModelFileException as {@link #textEncoder()}
     */
    default UNet unet() {
        throw new UnsupportedOperationException("this model has no U-Net");
    }

    /**
     * The denoiser by itself, where it is a diffusion transformer.
     *
     * @throws ModelFileException if it is none, or as {@link #denoiser()}
     */
    default DiffusionTransformer transformer() {
        throw new UnsupportedOperationException("this model has no transformer");
    }

    /**
     * The autoencoder by itself.
     *
     * @throws ModelFileException as {@link #denoiser()}
     */
    default Autoencoder autoencoder() {
        return vae();
    }

    /**
     * The autoencoder by itself, where it is a VAE.
     *
     * @throws ModelFileException as {@link #denoiser()}
     */
    default Vae vae() {
        throw new UnsupportedOperationException("this model has no VAE");
    }

    /** The ControlNets that the model was opened with, by themselves, in order. */
    default List<ControlNet> controlNets() {
        return List.of();
    }

    /**
     * What the denoiser is told of a prompt: chunks of 75 tokens, weights such as {@code (word:1.2)}, both encoders of SDXL
     * and the native size, as the native path does it. For families with a transformer the runtime's own text encoders do all of it,
     * CLIP, T5 or a language model with its template; a file that was not given counts as zeros.
     *
     * @return tensors that the caller closes: what {@link UNet} or {@link DiffusionTransformer} takes, the usual distilled guidance
     *     among them
     * @throws ModelFileException as {@link #denoiser()}
     * @throws InvalidRequestException if the prompt names LoRAs: requests alone apply those
     */
    default Conditioning encodePrompt(String prompt) {
        throw new UnsupportedOperationException("this model encodes no prompts by themselves");
    }

    /**
     * As {@link #encodePrompt(String)}.
     *
     * @param clipSkip 1 for CLIP's last layer, 2 for the one before
     * @param size of the picture, which SDXL is told
     * @throws InvalidRequestException if the family is told no hidden states of a CLIP, see {@link ModelFamily#takesClipSkip()}
     */
    default Conditioning encodePrompt(String prompt, int clipSkip, ImageSize size) {
        throw new UnsupportedOperationException("this model encodes no prompts by themselves");
    }

    /**
     * The native runtime's noise levels, for a {@link dev.diffusion4j.scheduler.SigmaScheduler} or {@link
     * dev.diffusion4j.scheduler.FlowMatchScheduler} over them.
     *
     * @param schedule the schedule
     * @param steps how many steps, from 1
     * @param size of the picture; only some families' levels depend on it
     * @return falling, the last one 0
     * @throws InvalidRequestException if the schedule cannot do that many steps or does not exist for the family
     */
    default float[] noiseLevels(NoiseSchedule schedule, int steps, ImageSize size) {
        throw new UnsupportedOperationException("this model tells no noise levels");
    }

    /** How many generations wait for those before them; 0 after {@link #close()}. */
    default int queuedGenerations() {
        return 0;
    }

    /**
     * Cancels what runs and what is queued, waits until the native code has stopped, and frees the model. May be called
     * from any thread and more than once: every call returns when the model is freed. From a listener, on the model's own
     * thread, it returns at once and the model is freed after the generation. Interrupting it does not shorten the wait,
     * which is for a part of a denoising step.
     *
     * <p>Afterwards everything throws {@link ClosedException} but this method and what tells of the model: name, family,
     * devices, sizes and defaults. So do its components; a listener that runs just now can use them until the native work
     * has stopped. Generations that were running or queued end with {@link GenerationCancelledException}. Pictures and tensors
     * stay valid.
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
    void close();
}
