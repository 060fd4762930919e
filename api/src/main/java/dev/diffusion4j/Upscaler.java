package dev.diffusion4j;

import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.error.ModelFileException;
import dev.diffusion4j.error.QueueFullException;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.PictureParameters;
import dev.diffusion4j.request.UpscaleRequest;
import dev.diffusion4j.request.UpscalerOptions;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An open upscaler: a model that enlarges pictures. The runtime runs ESRGAN's RRDBNet, as Real-ESRGAN and most of its kin are, 1, 2 or 4
 * times, from safetensors, GGUF and PyTorch files; {@code UpscalerNetwork} tells what a file holds.
 *
 * <p>As for a {@link DiffusionModel}: safe for use by any thread; pictures queue and are enlarged one after another on the upscaler's
 * own thread; closing cancels what runs and waits. An interface, so that an application's test needs no native library.
 *
 * <pre>{@code
 * try (Upscaler upscaler = Upscaler.open(Path.of("RealESRGAN_x4plus.safetensors"))) {
 *     upscaler.upscale(image).save(Path.of("large.png"));
 * }
 * }</pre>
 */
public interface Upscaler extends AutoCloseable {

    /**
     * Opens an upscaler on the first GPU, else the CPU.
     *
     * @param model its file, which is checked before native code sees it
     * @throws ModelFileException if it is missing, damaged or no upscaler that the runtime runs; the message says which
     *     architecture or scale it has
     * @throws dev.diffusion4j.error.NativeLibraryException if the native library cannot be used here
     */
    static Upscaler open(Path model) {
        return open(model, UpscalerOptions.DEFAULT);
    }

    /**
     * Opens an upscaler.
     *
     * @param model its file, which is checked before native code sees it
     * @throws ModelFileException as {@link #open(Path)}
     * @throws dev.diffusion4j.error.DeviceUnavailableException if the device is not there
     * @throws dev.diffusion4j.error.NativeLibraryException if the native library cannot be used here
     */
    static Upscaler open(Path model, UpscalerOptions options) {
        return EngineUpscaler.open(model, options);
    }

    /** The name of the model's file. */
    String name();

    /** How many times larger a picture becomes in each direction. */
    int scale();

    /** The name of the device that computes. */
    String device();

    /**
     * Starts enlarging a picture.
     *
     * @param listener hears of progress, tile by tile, and of warnings
     * @throws InvalidRequestException if the result would have more than {@link UpscaleRequest#MAX_PIXELS}, or the listener wants what
     *     there is not: steps or previews
     * @throws QueueFullException if too many wait
     * @throws ClosedException if the upscaler is closed
     */
    Generation<UpscaledImage> start(UpscaleRequest request, GenerationListener listener);

    /** Starts enlarging a picture, as {@link #start(UpscaleRequest, GenerationListener)}. */
    default Generation<UpscaledImage> start(UpscaleRequest request) {
        return start(request, GenerationListener.NONE);
    }

    /**
     * Enlarges a picture. Interrupting the thread cancels that.
     *
     * @throws dev.diffusion4j.error.DiffusionException what {@link #start(UpscaleRequest, GenerationListener)} throws and, if it
     *     fails, why
     */
    default UpscaledImage upscale(UpscaleRequest request) {
        return start(request).await();
    }

    /**
     * Enlarges a picture, as {@link #upscale(UpscaleRequest)}.
     *
     * @param image of any type; what is transparent becomes white
     */
    default UpscaledImage upscale(BufferedImage image) {
        return upscale(UpscaleRequest.of(Picture.of(image)));
    }

    /** Enlarges a generated image, as {@link #upscale(UpscaleRequest)}. The result's files say how the image was made, too. */
    default UpscaledImage upscale(GeneratedImage image) {
        PictureParameters parameters =
                new PictureParameters(image.parametersText(), Optional.of(image.parametersJson()));
        return upscale(UpscaleRequest.of(Picture.of(image.toBufferedImage())).withParameters(parameters));
    }

    /** Frees the upscaler. Cancels what is being enlarged and what waits. Idempotent; a listener may call it. */
    @Override
    void close();
}
