package dev.diffusion4j.request;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.json.Json;
import dev.diffusion4j.internal.json.JsonFormatException;
import dev.diffusion4j.internal.json.JsonType;
import dev.diffusion4j.internal.options.Option;
import dev.diffusion4j.internal.options.OptionSet;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.tokenizer.LoraTags;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A request for pictures: what to draw and how, but not on which model. Immutable, equal if the same options have equal
 * values, and safe for use by several threads. An option that was not given is what is usual for the model that draws.
 *
 * {@snippet :
 * ImageRequest request = ImageRequest.textToImage("a lighthouse at dusk")
 *         .size(1024, 1024)
 *         .steps(25)
 *         .sampling(Sampling.of(Sampler.DPMPP_2M).withSchedule(NoiseSchedule.KARRAS))
 *         .build();
 * ImageRequest another = request.toBuilder().seed(8).build();
 * }
 */
public final class ImageRequest {

    /** The most steps, and the most images in a batch, that a request may ask for. */
    public static final int MAX_STEPS = 1000;

    /** The largest width and height in pixels. */
    public static final int MAX_SIZE = 16384;

    /** The longest prompt in characters; longer ones would be cut into thousands of text-encoder runs. */
    public static final int MAX_PROMPT_LENGTH = 100_000;

    private static final int MAX_CLIP_SKIP = 12;

    static final Option<String> PROMPT = Option.of("prompt", String.class, ImageRequest::checkPrompt);
    static final Option<String> NEGATIVE_PROMPT =
            Option.of("negativePrompt", String.class, ImageRequest::checkNegativePrompt);
    static final Option<ImageSize> SIZE = Option.of("size", ImageSize.class, ImageRequest::checkSize);
    static final Option<Integer> STEPS =
            Option.of("steps", Integer.class, value -> Checks.range("steps", value, 1, MAX_STEPS));
    static final Option<Double> GUIDANCE_SCALE =
            Option.of("guidanceScale", Double.class, value -> Checks.range("guidanceScale", value, 0, 100));
    static final Option<Integer> CLIP_SKIP =
            Option.of("clipSkip", Integer.class, value -> Checks.range("clipSkip", value, 1, MAX_CLIP_SKIP));
    static final Option<Long> SEED = Option.of("seed", Long.class, ImageRequest::checkSeed);
    static final Option<Integer> BATCH_COUNT =
            Option.of("batchCount", Integer.class, value -> Checks.range("batchCount", value, 1, MAX_STEPS));
    static final Option<List<Lora>> LORAS = Option.of("loras", JsonType.listOf(JsonType.of(Lora.class)));
    static final Option<VaeTiling> VAE_TILING = Option.of("vaeTiling", VaeTiling.class);
    static final Option<Sampling> SAMPLING = Option.of("sampling", SamplingJson.TYPE);
    static final Option<InitImage> INIT_IMAGE = Option.of("initImage", InitImage.TYPE);
    static final Option<References> REFERENCES = Option.of("references", References.TYPE);
    static final Option<List<Control>> CONTROLS = Option.of("controls", JsonType.listOf(Control.TYPE));
    static final Option<Identity> IDENTITY = Option.of("identity", Identity.TYPE);
    private static final List<Option<?>> OPTIONS = List.of(
            PROMPT,
            NEGATIVE_PROMPT,
            SIZE,
            STEPS,
            GUIDANCE_SCALE,
            CLIP_SKIP,
            SEED,
            BATCH_COUNT,
            LORAS,
            VAE_TILING,
            SAMPLING,
            INIT_IMAGE,
            REFERENCES,
            CONTROLS,
            IDENTITY);

    private final OptionSet options;

    ImageRequest(OptionSet options) {
        this.options = options;
    }

    /** A builder of a request. */
    public static final class Builder extends ImageRequestBuilder<Builder> {

        private Builder(ImageRequest start) {
            super(start);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** The request. */
        public ImageRequest build() {
            return request();
        }
    }

    private static void checkPrompt(String text) {
        requireText("prompt", text);
        LoraTags.parse(text);
    }

    private static void checkNegativePrompt(String text) {
        requireText("negativePrompt", text);
        if (!LoraTags.parse(text).tags().isEmpty()) {
            throw new InvalidRequestException(
                    "negativePrompt",
                    text,
                    "text without LoRAs: they change the model for both prompts, name them in the other");
        }
    }

    private static void requireText(String field, String text) {
        if (text.length() > MAX_PROMPT_LENGTH) {
            throw new InvalidRequestException(
                    field, text.length() + " characters", "at most " + MAX_PROMPT_LENGTH + " characters");
        }
        if (text.indexOf('\0') >= 0) {
            throw new InvalidRequestException(field, "text with a NUL character", "text without NUL characters");
        }
    }

    private static void checkSize(ImageSize size) {
        Checks.range("width", size.width(), 1, MAX_SIZE);
        Checks.range("height", size.height(), 1, MAX_SIZE);
    }

    private static void checkSeed(long value) {
        if (value < 0 || value > Long.MAX_VALUE - MAX_STEPS) {
            throw new InvalidRequestException("seed", value, "from 0 to " + (Long.MAX_VALUE - MAX_STEPS));
        }
    }

    /**
     * Text-to-image: a picture from a prompt alone.
     *
     * @param prompt what to draw; weights such as {@code (word:1.2)} and {@code [word]} are understood, and LoRAs such as
     *     {@code <lora:name:0.8>}
     * @throws InvalidRequestException if it is too long, or a LoRA in it is not written right
     */
    public static Builder textToImage(String prompt) {
        return new Builder(new ImageRequest(OptionSet.EMPTY.with(PROMPT, prompt)));
    }

    /** As {@link #imageToImage(InitImage, String)}, with what is usual for the picture. */
    public static Builder imageToImage(BufferedImage image, String prompt) {
        return imageToImage(InitImage.of(image), prompt);
    }

    /** Image-to-image: a picture redrawn towards a prompt; with a mask, inpainting: a part of it. */
    public static Builder imageToImage(InitImage image, String prompt) {
        return textToImage(prompt).initImage(image);
    }

    /** Inpainting: the part of a picture where the mask, of the same size, is white is redrawn towards a prompt. */
    public static Builder inpaint(BufferedImage image, BufferedImage mask, String prompt) {
        return imageToImage(InitImage.of(image).withMask(mask), prompt);
    }

    /** Editing: a picture drawn after others, which the prompt speaks of. */
    public static Builder edit(References references, String prompt) {
        return textToImage(prompt).references(references);
    }

    /** What to draw. */
    public String prompt() {
        return options.get(PROMPT).orElseThrow();
    }

    /** What to avoid; empty if nothing was said. */
    public String negativePrompt() {
        return options.get(NEGATIVE_PROMPT, "");
    }

    /** The size, if it was given. */
    public Optional<ImageSize> size() {
        return options.get(SIZE);
    }

    /** The denoising steps, if they were given. */
    public OptionalInt steps() {
        return options.get(STEPS).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    /** The scale of classifier-free guidance, if it was given; 1 is without guidance. */
    public OptionalDouble guidanceScale() {
        return options.get(GUIDANCE_SCALE).map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    /** Which of CLIP's last layers is used, if it was given: 1 the last, 2 the one before. */
    public OptionalInt clipSkip() {
        return options.get(CLIP_SKIP).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    /** The seed of the first image, if it was given. */
    public OptionalLong seed() {
        return options.get(SEED).map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    /** How many images to draw. */
    public int batchCount() {
        return options.get(BATCH_COUNT, 1);
    }

    /** The LoRAs beside those that the prompt names, in order. */
    public List<Lora> loras() {
        return options.get(LORAS, List.of());
    }

    /** The tiling of the VAE, if there is one. */
    public Optional<VaeTiling> vaeTiling() {
        return options.get(VAE_TILING);
    }

    /** How noise becomes a picture. */
    public Sampling sampling() {
        return options.get(SAMPLING, Sampling.standard());
    }

    /** The picture to redraw, if there is one. */
    public Optional<InitImage> initImage() {
        return options.get(INIT_IMAGE);
    }

    /** The pictures that the model looks at, if there are some. */
    public Optional<References> references() {
        return options.get(REFERENCES);
    }

    /** The control pictures, in order. */
    public List<Control> controls() {
        return options.get(CONTROLS, List.of());
    }

    /** The person to draw, if the model was opened with PhotoMaker. */
    public Optional<Identity> identity() {
        return options.get(IDENTITY);
    }

    /** The kind of work. */
    public Task task() {
        if (initImage().isPresent()) {
            return initImage().flatMap(InitImage::mask).isPresent() ? Task.INPAINT : Task.IMAGE_TO_IMAGE;
        }
        return references().isPresent() ? Task.EDIT : Task.TEXT_TO_IMAGE;
    }

    /** A builder of a request that begins with this one's options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** The same options as a request without pictures, which is text-to-image. */
    public ImageRequest withoutPictures() {
        return new ImageRequest(withoutPictures(options));
    }

    private static OptionSet withoutPictures(OptionSet options) {
        return options.without(INIT_IMAGE).without(REFERENCES).without(CONTROLS).without(IDENTITY);
    }

    /**
     * This request, with what it leaves out taken from another one, such as what is usual for a service. The other one's prompt
     * and pictures are not taken, nor what would change something else that was given here:
     *
     * <ul>
     *   <li>the size, beside a picture to redraw, which is drawn at its own;
     *   <li>the steps, beside noise levels or a scheduler with a plan, which have their own; neither of these is taken at all;
     *   <li>a sampler's schedule, eta and further arguments, beside another sampler;
     *   <li>the sampling, beside one of the other kind.
     * </ul>
     */
    public ImageRequest withDefaults(ImageRequest defaults) {
        OptionSet taken = withoutPictures(defaults.options).without(PROMPT);
        if (initImage().isPresent()) {
            taken = taken.without(SIZE);
        }
        if (hasOwnSteps(sampling())) {
            taken = taken.without(STEPS);
        }
        OptionSet merged = options.or(taken.without(SAMPLING));
        Optional<Sampling> sampling = sampling(defaults.sampling());
        return new ImageRequest(sampling.isPresent() ? merged.with(SAMPLING, sampling.get()) : merged);
    }

    private Optional<Sampling> sampling(Sampling defaults) {
        Optional<Sampling> own = options.get(SAMPLING);
        if (defaults instanceof NativeSampling usual && sampling() instanceof NativeSampling given) {
            NativeSampling merged = given.withDefaults(usual);
            return merged.equals(given) ? own : Optional.of(merged);
        }
        return own.isPresent() || hasOwnSteps(defaults) ? own : Optional.of(defaults);
    }

    private static boolean hasOwnSteps(Sampling sampling) {
        return switch (sampling) {
            case NativeSampling loop -> !loop.sigmas().isEmpty();
            case SchedulerSampling loop -> loop.scheduler().steps() > 0;
        };
    }

    OptionSet options() {
        return options;
    }

    /**
     * The request as a JSON object, with its pictures; {@link #fromJson} reads it back without loss.
     *
     * @throws InvalidRequestException if its scheduler is none of this library's
     */
    public String toJson() {
        return Json.write(options.toJson(OPTIONS));
    }

    /**
     * Reads a request.
     *
     * @throws InvalidRequestException if the text is no JSON, or none of a request
     */
    public static ImageRequest fromJson(String json) {
        try {
            OptionSet options = OptionSet.fromJson(Json.read(json), OPTIONS);
            options.require(PROMPT);
            return new ImageRequest(options);
        } catch (JsonFormatException e) {
            throw new InvalidRequestException("json", e.getMessage(), "a request as toJson() writes it");
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ImageRequest request && options.equals(request.options);
    }

    @Override
    public int hashCode() {
        return options.hashCode();
    }

    /** Such as {@code text-to-image "a red circle"}. */
    @Override
    public String toString() {
        return task() + " \"" + prompt() + "\"";
    }
}
