package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The options of a request for a video, each checked as it is given: {@link InvalidRequestException} names it. What a model cannot
 * do of it is refused when the request runs. Used by one thread at a time.
 *
 * @param <B> the builder's own type
 */
public abstract class VideoRequestBuilder<B extends VideoRequestBuilder<B>> {

    private OptionSet options;

    /** Begins with the options of a request. */
    protected VideoRequestBuilder(VideoRequest start) {
        options = start.options();
    }

    /** This builder. */
    protected abstract B self();

    /** The request with the options that were given so far. */
    protected final VideoRequest request() {
        return new VideoRequest(options);
    }

    private <T> B set(Option<T> option, T value) {
        options = options.with(option, value);
        return self();
    }

    /** What to draw, in place of what was said before. */
    public B prompt(String text) {
        return set(ImageRequest.PROMPT, text);
    }

    /** What to avoid. */
    public B negativePrompt(String text) {
        return set(ImageRequest.NEGATIVE_PROMPT, text);
    }

    /**
     * The size in pixels; the first frame's without it, or else the model's usual one. Both sides must be multiples of what the
     * model says, which is checked when the request runs; nothing is rounded.
     */
    public B size(int width, int height) {
        return set(ImageRequest.SIZE, new ImageSize(width, height));
    }

    /**
     * How many frames, 1 to {@value VideoRequest#MAX_FRAMES}; the model's usual number without it. Models make one and a multiple of
     * four (Wan) or of eight (LTX); another number is refused when the request runs, and the nearest ones are named.
     */
    public B frames(int count) {
        return set(VideoRequest.FRAMES, count);
    }

    /**
     * How many frames are seen in a second, 1 to {@value VideoRequest#MAX_FRAMES_PER_SECOND}; the model's usual number without it. LTX
     * is told, and moves things accordingly; other models draw the same frames.
     */
    public B framesPerSecond(int count) {
        return set(VideoRequest.FRAMES_PER_SECOND, count);
    }

    /** Denoising steps, 1 to {@value ImageRequest#MAX_STEPS}; the model's default without it. */
    public B steps(int count) {
        return set(ImageRequest.STEPS, count);
    }

    /** The scale of classifier-free guidance, 0 to 100; 1 switches guidance off. The model's default without it. */
    public B guidanceScale(double scale) {
        return set(ImageRequest.GUIDANCE_SCALE, scale);
    }

    /** The guidance scale of the steps that the high-noise model does, 0 to 100; that of the others without it. */
    public B highNoiseGuidanceScale(double scale) {
        return set(VideoRequest.HIGH_NOISE_GUIDANCE_SCALE, scale);
    }

    /** The noise level below which the high-noise model gives way to the other one, 0 to 1; 0.875 without it. */
    public B highNoiseBoundary(double level) {
        return set(VideoRequest.HIGH_NOISE_BOUNDARY, level);
    }

    /** The seed, 0 or above. Random without it. */
    public B seed(long value) {
        return set(ImageRequest.SEED, value);
    }

    /** As {@link #lora(Lora)}, with one strength for all components of the model. */
    public B lora(Path path, double multiplier) {
        return lora(new Lora(path, multiplier));
    }

    /** Applies a LoRA to this request, beside those that its prompt names. May be called more than once. */
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

    /** How noise becomes a video; as is usual for the model without it. */
    public B sampling(NativeSampling sampling) {
        return set(VideoRequest.SAMPLING, sampling);
    }

    /** The picture that the video begins with; for Wan's VACE, one that it is drawn after. */
    public B firstFrame(Picture picture) {
        return set(VideoRequest.FIRST_FRAME, picture);
    }

    /** The picture that the video ends with. */
    public B lastFrame(Picture picture) {
        return set(VideoRequest.LAST_FRAME, picture);
    }

    /** Pictures that the frames are drawn after, as many as there are frames, for Wan's VACE: depths, poses, outlines. */
    public B controlFrames(List<Picture> pictures) {
        return set(VideoRequest.CONTROL_FRAMES, List.copyOf(pictures));
    }

    /** How much the control frames count, 0 to 10; 1 without it. */
    public B controlStrength(double strength) {
        return set(VideoRequest.CONTROL_STRENGTH, strength);
    }

    /** How pictures are brought to the video's size. {@link ResizeMode#STRETCH} without it. */
    public B resizeMode(ResizeMode mode) {
        return set(VideoRequest.RESIZE_MODE, mode);
    }
}
