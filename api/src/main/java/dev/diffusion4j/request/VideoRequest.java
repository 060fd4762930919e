package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A request for a video: what to draw and how, but not on which model. Immutable, equal if the same options have equal values,
 * and safe for use by several threads. An option that was not given is what is usual for the model that draws.
 *
 * {@snippet :
 * VideoRequest request = VideoRequest.textToVideo("waves at dusk")
 *         .size(832, 480)
 *         .frames(33)
 *         .framesPerSecond(16)
 *         .build();
 * }
 */
public final class VideoRequest {

    /** The most frames that a request may ask for. */
    public static final int MAX_FRAMES = 4096;

    /** The most frames a second that a request may ask for. */
    public static final int MAX_FRAMES_PER_SECOND = 240;

    private static final JsonType<NativeSampling> SAMPLING_TYPE =
            JsonType.of(NativeSampling::toJson, json -> NativeSampling.fromJson(JsonType.object(json)));

    static final Option<Integer> FRAMES =
            Option.of("frames", Integer.class, value -> Checks.range("frames", value, 1, MAX_FRAMES));
    static final Option<Integer> FRAMES_PER_SECOND = Option.of(
            "framesPerSecond",
            Integer.class,
            value -> Checks.range("framesPerSecond", value, 1, MAX_FRAMES_PER_SECOND));
    static final Option<NativeSampling> SAMPLING = Option.of("sampling", SAMPLING_TYPE);
    static final Option<Double> HIGH_NOISE_GUIDANCE_SCALE = Option.of(
            "highNoiseGuidanceScale", Double.class, value -> Checks.range("highNoiseGuidanceScale", value, 0, 100));
    static final Option<Double> HIGH_NOISE_BOUNDARY =
            Option.of("highNoiseBoundary", Double.class, value -> Checks.range("highNoiseBoundary", value, 0, 1));
    static final Option<Picture> FIRST_FRAME = Option.of("firstFrame", InitImage.PICTURE_TYPE);
    static final Option<Picture> LAST_FRAME = Option.of("lastFrame", InitImage.PICTURE_TYPE);
    static final Option<List<Picture>> CONTROL_FRAMES =
            new Option<>("controlFrames", JsonType.listOf(InitImage.PICTURE_TYPE), VideoRequest::checkControlFrames);
    static final Option<Double> CONTROL_STRENGTH =
            Option.of("controlStrength", Double.class, value -> Checks.range("controlStrength", value, 0, 10));
    static final Option<ResizeMode> RESIZE_MODE = Option.of("resizeMode", ResizeMode.class);
    private static final List<Option<?>> OPTIONS = List.of(
            ImageRequest.PROMPT,
            ImageRequest.NEGATIVE_PROMPT,
            ImageRequest.SIZE,
            FRAMES,
            FRAMES_PER_SECOND,
            ImageRequest.STEPS,
            ImageRequest.GUIDANCE_SCALE,
            HIGH_NOISE_GUIDANCE_SCALE,
            HIGH_NOISE_BOUNDARY,
            ImageRequest.SEED,
            ImageRequest.LORAS,
            ImageRequest.VAE_TILING,
            SAMPLING,
            FIRST_FRAME,
            LAST_FRAME,
            CONTROL_FRAMES,
            CONTROL_STRENGTH,
            RESIZE_MODE);

    private final OptionSet options;

    VideoRequest(OptionSet options) {
        this.options = options;
    }

    /** A builder of a request. */
    public static final class Builder extends VideoRequestBuilder<Builder> {

        private Builder(VideoRequest start) {
            super(start);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** The request. */
        public VideoRequest build() {
            return request();
        }
    }

    private static void checkControlFrames(List<Picture> frames) {
        if (frames.isEmpty() || frames.size() > MAX_FRAMES) {
            throw new InvalidRequestException(
                    "controlFrames", frames.size() + " pictures", "from 1 to " + MAX_FRAMES + " pictures");
        }
    }

    /**
     * Text-to-video: a video from a prompt alone.
     *
     * @param prompt what to draw, as {@link ImageRequest#textToImage} takes it
     * @throws InvalidRequestException if it is too long, or a LoRA in it is not written right
     */
    public static Builder textToVideo(String prompt) {
        return new Builder(new VideoRequest(OptionSet.EMPTY.with(ImageRequest.PROMPT, prompt)));
    }

    /** Image-to-video: a video that begins with a picture. */
    public static Builder imageToVideo(Picture firstFrame, String prompt) {
        return textToVideo(prompt).firstFrame(firstFrame);
    }

    /** What to draw. */
    public String prompt() {
        return options.get(ImageRequest.PROMPT).orElseThrow();
    }

    /** What to avoid; empty if nothing was said. */
    public String negativePrompt() {
        return options.get(ImageRequest.NEGATIVE_PROMPT, "");
    }

    /** The size, if it was given. */
    public Optional<ImageSize> size() {
        return options.get(ImageRequest.SIZE);
    }

    /** How many frames, if it was given. */
    public OptionalInt frames() {
        return options.get(FRAMES).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    /** How many frames are seen in a second, if it was given. */
    public OptionalInt framesPerSecond() {
        return options.get(FRAMES_PER_SECOND).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    /** The denoising steps, if they were given. */
    public OptionalInt steps() {
        return options.get(ImageRequest.STEPS).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    /** The scale of classifier-free guidance, if it was given; 1 is without guidance. */
    public OptionalDouble guidanceScale() {
        return number(ImageRequest.GUIDANCE_SCALE);
    }

    /** The guidance scale of the steps that the high-noise model does, if it was given. */
    public OptionalDouble highNoiseGuidanceScale() {
        return number(HIGH_NOISE_GUIDANCE_SCALE);
    }

    /** The noise level below which the high-noise model gives way to the other one, if it was given. */
    public OptionalDouble highNoiseBoundary() {
        return number(HIGH_NOISE_BOUNDARY);
    }

    /** The seed, if it was given. */
    public OptionalLong seed() {
        return options.get(ImageRequest.SEED).map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    /** The LoRAs beside those that the prompt names, in order. */
    public List<Lora> loras() {
        return options.get(ImageRequest.LORAS, List.of());
    }

    /** The tiling of the VAE, if there is one. */
    public Optional<VaeTiling> vaeTiling() {
        return options.get(ImageRequest.VAE_TILING);
    }

    /** How noise becomes a video. */
    public NativeSampling sampling() {
        return options.get(SAMPLING, Sampling.standard());
    }

    /** The picture that the video begins with, if there is one. */
    public Optional<Picture> firstFrame() {
        return options.get(FIRST_FRAME);
    }

    /** The picture that the video ends with, if there is one. */
    public Optional<Picture> lastFrame() {
        return options.get(LAST_FRAME);
    }

    /** The pictures that the frames are drawn after; empty if there are none. */
    public List<Picture> controlFrames() {
        return options.get(CONTROL_FRAMES, List.of());
    }

    /** How much the control frames count. */
    public double controlStrength() {
        return options.get(CONTROL_STRENGTH, 1.0);
    }

    /** How pictures are brought to the video's size. */
    public ResizeMode resizeMode() {
        return options.get(RESIZE_MODE, ResizeMode.STRETCH);
    }

    /** Whether it looks at pictures. */
    public boolean hasPictures() {
        return firstFrame().isPresent()
                || lastFrame().isPresent()
                || !controlFrames().isEmpty();
    }

    private OptionalDouble number(Option<Double> option) {
        return options.get(option).map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    /** A builder of a request that begins with this one's options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** The same options as a request without pictures. */
    public VideoRequest withoutPictures() {
        return new VideoRequest(options.without(FIRST_FRAME).without(LAST_FRAME).without(CONTROL_FRAMES));
    }

    OptionSet options() {
        return options;
    }

    /** The request as a JSON object, with its pictures; {@link #fromJson} reads it back without loss. */
    public String toJson() {
        return Json.write(options.toJson(OPTIONS));
    }

    /**
     * Reads a request.
     *
     * @throws InvalidRequestException if the text is no JSON, or none of a request
     */
    public static VideoRequest fromJson(String json) {
        try {
            OptionSet options = OptionSet.fromJson(Json.read(json), OPTIONS);
            options.require(ImageRequest.PROMPT);
            return new VideoRequest(options);
        } catch (JsonFormatException e) {
            throw new InvalidRequestException("json", e.getMessage(), "a request as toJson() writes it");
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof VideoRequest request && options.equals(request.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** Such as {@code video "waves at dusk"}. */
    @Override
    public String toString() {
        return "video \"" + prompt() + "\"";
    }
}
