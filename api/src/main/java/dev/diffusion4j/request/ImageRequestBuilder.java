package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The options of a request for pictures, each checked as it is given: {@link InvalidRequestException} names it. Used by one
 * thread at a time.
 *
 * @param <B> the builder's own type
 */
public abstract class ImageRequestBuilder<B extends ImageRequestBuilder<B>> {

    private OptionSet options;

    /** Begins with the options of a request. */
    protected ImageRequestBuilder(ImageRequest start) {
        options = start.options();
    }

    /** This builder. */
    protected abstract B self();

    /** The request with the options that were given so far. */
    protected final ImageRequest request() {
        return new ImageRequest(options);
    }

    private <T> B set(Option<T> option, T value) {
        options = options.with(option, value);
        return self();
    }

    /** What to draw, in place of what was said before. */
    public B prompt(String text) {
        return set(ImageRequest.PROMPT, text);
    }

    /**
     * What to avoid. Weights such as {@code (word:1.2)} work as in the prompt. LoRAs cannot be named here: they change the
     * model for both texts.
     */
    public B negativePrompt(String text) {
        return set(ImageRequest.NEGATIVE_PROMPT, text);
    }

    /**
     * The picture's size in pixels. Without it, text-to-image draws at the model's native size and the other tasks at
     * the input picture's. Both must be multiples of what the model says, which is checked when the request runs; nothing is
     * rounded.
     */
    public B size(int width, int height) {
        requireSide("width", width);
        requireSide("height", height);
        return set(ImageRequest.SIZE, new ImageSize(width, height));
    }

    private static void requireSide(String field, int pixels) {
        if (pixels < 1) {
            throw new InvalidRequestException(field, pixels, "from 1 to " + ImageRequest.MAX_SIZE);
        }
    }

    /** Denoising steps, 1 to {@value ImageRequest#MAX_STEPS}; the model's default without it. */
    public B steps(int count) {
        return set(ImageRequest.STEPS, count);
    }

    /**
     * The scale of classifier-free guidance (Ho and Salimans 2022), 0 to 100; 1 switches guidance off and halves the work. The
     * model's default without it.
     */
    public B guidanceScale(double scale) {
        return set(ImageRequest.GUIDANCE_SCALE, scale);
    }

    /**
     * Which of CLIP's last layers to use: 1 the last, 2 the one before, at most 12; the model's own without it. Families that are
     * told no hidden states of a CLIP, such as FLUX.1 and Z-Image, draw the same with it, and a warning says so.
     */
    public B clipSkip(int layers) {
        return set(ImageRequest.CLIP_SKIP, layers);
    }

    /** The seed of the first image, 0 or above; image i of a batch uses {@code seed + i}. Random without it. */
    public B seed(long value) {
        return set(ImageRequest.SEED, value);
    }

    /** How many images to draw, 1 to 1000; 1 without it. */
    public B batchCount(int count) {
        return set(ImageRequest.BATCH_COUNT, count);
    }

    /** As {@link #lora(Lora)}, with one strength for all components of the model. */
    public B lora(Path path, double multiplier) {
        return lora(new Lora(path, multiplier));
    }

    /**
     * Applies a LoRA to this request, beside those that its prompt names. May be called more than once. A file of which the
     * model can use nothing is an error when the request runs; what else of a file cannot be used is a warning.
     */
    public B lora(Lora lora) {
        List<Lora> before = options.get(ImageRequest.LORAS, List.of());
        return loras(Stream.concat(before.stream(), Stream.of(lora)).toList());
    }

    /** These LoRAs in place of those that were given before. */
    public B loras(List<Lora> loras) {
        if (loras.isEmpty()) {
            options = options.without(ImageRequest.LORAS);
            return self();
        }
        return set(ImageRequest.LORAS, List.copyOf(loras));
    }

    /** Runs the VAE in tiles, which bounds its memory at large sizes. */
    public B vaeTiling(VaeTiling tiling) {
        return set(ImageRequest.VAE_TILING, tiling);
    }

    /** How noise becomes a picture; as is usual for the model without it. */
    public B sampling(Sampling sampling) {
        return set(ImageRequest.SAMPLING, sampling);
    }

    /** The picture to redraw. */
    public B initImage(InitImage image) {
        return set(ImageRequest.INIT_IMAGE, image);
    }

    /** As {@link #control(Control)}, with what is usual for a control picture. */
    public B control(BufferedImage picture) {
        return control(Control.of(picture));
    }

    /**
     * A control picture for a ControlNet that the model was opened with, beside those that were given before: the effects of several
     * add up.
     */
    public B control(Control control) {
        List<Control> before = options.get(ImageRequest.CONTROLS, List.of());
        return controls(Stream.concat(before.stream(), Stream.of(control)).toList());
    }

    /** These control pictures in place of those that were given before. */
    public B controls(List<Control> controls) {
        if (controls.isEmpty()) {
            options = options.without(ImageRequest.CONTROLS);
            return self();
        }
        return set(ImageRequest.CONTROLS, List.copyOf(controls));
    }

    /** Pictures that instruction and context models look at. They do not go with {@link Sampling#with}. */
    public B references(References references) {
        return set(ImageRequest.REFERENCES, references);
    }

    /**
     * The person to draw, for a model that was {@linkplain ModelOptionsBuilder#photoMaker opened with PhotoMaker}, which needs
     * one for every request. The prompt must have {@value Identity#TRIGGER_WORD} once, behind the word that the person takes the
     * place of; with that word once for each picture (twice in version 2) it has room for 75 tokens. Neither {@link Sampling#with} nor
     * a {@link HighResFix} goes with it. All this is checked when the request runs.
     */
    public B identity(Identity identity) {
        return set(ImageRequest.IDENTITY, identity);
    }
}
