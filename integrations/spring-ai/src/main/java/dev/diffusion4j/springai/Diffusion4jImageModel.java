package dev.diffusion4j.springai;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.References;
import io.micrometer.observation.ObservationRegistry;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.image.Image;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.image.ImageResponseMetadata;
import org.springframework.ai.image.observation.DefaultImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationContext;
import org.springframework.ai.image.observation.ImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationDocumentation;

/**
 * An image model of Spring AI that draws in this JVM.
 *
 * {@snippet :
 * try (DiffusionModel model = DiffusionModel.open(Path.of("model.safetensors"))) {
 *     ImageModel images = Diffusion4jImageModel.builder().model(model).build();
 *     ImageResponse response = images.call(new ImagePrompt("a lighthouse at dusk"));
 *     String png = response.getResult().getOutput().getB64Json();
 * }
 * }
 *
 * <p>Pictures come as PNG files in base 64, each with a {@link Diffusion4jImageMetadata} that has its seed.
 *
 * <p>What the prompt's options leave out is taken from the defaults, also where they are options of Spring AI's own class. The
 * prompt's messages say the rest:
 *
 * <ul>
 *   <li>Their texts are what to draw; those of a weight below 0 what to avoid, beside a negative prompt of the options. Other
 *       weights than 1 and -1 weight the text, as {@code (text:1.5)} does.
 *   <li>Their media are input pictures: bytes, or {@code file:} and {@code data:} URLs. A model of a family that
 *       {@linkplain dev.diffusion4j.modelfile.ModelFamily#can edits} looks at them. Any other redraws the one picture, as does every
 *       model where there is a mask or a {@linkplain Diffusion4jImageOptions.Builder#strength strength}. Without a size, the result
 *       is {@linkplain DiffusionModel#sizeFor about as large} as the picture.
 *   <li>Their metadata may have a {@value #MASK}, a {@link org.springframework.ai.content.Media} of the picture's size: what is
 *       transparent is redrawn, or where nothing is transparent, what is white.
 * </ul>
 *
 * <p>It throws the library's own exceptions, as {@link DiffusionModel#generate} says; a local model has nothing to try again. A style
 * and another response format than base 64 are refused with {@link InvalidRequestException}. Safe for use by several threads; each
 * model draws one picture after another.
 */
public final class Diffusion4jImageModel implements ImageModel {

    /** The key of a mask in a message's metadata. */
    public static final String MASK = "mask";

    /** The name of this provider in observations. */
    public static final String PROVIDER = "diffusion4j";

    private static final ImageModelObservationConvention USUAL = new DefaultImageModelObservationConvention();

    private record Entry(DiffusionModel model, Diffusion4jImageOptions defaults) {}

    private final Map<String, Entry> models;
    private final Diffusion4jImageOptions defaults;
    private final ObservationRegistry observations;
    private final @Nullable ImageModelObservationConvention convention;

    private Diffusion4jImageModel(Builder builder) {
        models = new LinkedHashMap<>(builder.models);
        defaults = builder.defaults;
        observations = builder.observations;
        convention = builder.convention;
    }

    /** A builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** The names of the models, the one first that is used where a prompt names none. */
    public List<String> models() {
        return List.copyOf(models.keySet());
    }

    @Override
    public ImageResponse call(ImagePrompt prompt) {
        Diffusion4jImageOptions given = Diffusion4jImageOptions.of(prompt.getOptions());
        String name = Optional.ofNullable(given.withDefaults(defaults).getModel())
                .orElseGet(() -> models.keySet().iterator().next());
        Entry entry = models.get(name);
        if (entry == null) {
            throw new InvalidRequestException("model", name, "one of " + String.join(", ", models.keySet()));
        }
        Diffusion4jImageOptions options = given.withDefaults(entry.defaults()).withDefaults(defaults).toBuilder()
                .model(name)
                .build();
        ImageModelObservationContext context = ImageModelObservationContext.builder()
                .imagePrompt(new ImagePrompt(prompt.getInstructions(), options))
                .provider(PROVIDER)
                .build();
        return Objects.requireNonNull(ImageModelObservationDocumentation.IMAGE_MODEL_OPERATION
                .observation(convention, USUAL, () -> context, observations)
                .observe(() -> {
                    ImageResponse response = draw(entry.model(), prompt.getInstructions(), options);
                    context.setResponse(response);
                    return response;
                }));
    }

    private static ImageResponse draw(
            DiffusionModel model, List<ImageMessage> messages, Diffusion4jImageOptions options) {
        ImageRequest request = request(model, PromptMessages.read(messages), options);
        List<GeneratedImage> images = options.timeout()
                .map(limit -> model.startAll(request, options.listener()).await(limit))
                .orElseGet(() -> model.generateAll(request, options.listener()));
        return new ImageResponse(
                images.stream().map(Diffusion4jImageModel::generation).toList(), new ImageResponseMetadata());
    }

    private static ImageGeneration generation(GeneratedImage image) {
        String png = Base64.getEncoder().encodeToString(image.toPng());
        return new ImageGeneration(new Image(null, png), new Diffusion4jImageMetadata(image.report()));
    }

    private static ImageRequest request(
            DiffusionModel model, PromptMessages messages, Diffusion4jImageOptions options) {
        requireFeasible(messages, options);
        ImageRequest.Builder request = begin(model, messages, options);
        size(model, messages, options).ifPresent(size -> request.size(size.width(), size.height()));
        if (options.getN() != null) {
            request.batchCount(options.getN());
        }
        String unwanted = Stream.of(options.request().negativePrompt(), messages.negativeText())
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining(", "));
        if (!unwanted.isEmpty()) {
            request.negativePrompt(unwanted);
        }
        return request.build().withDefaults(options.request());
    }

    private static void requireFeasible(PromptMessages messages, Diffusion4jImageOptions options) {
        if (messages.text().isEmpty()) {
            throw new InvalidRequestException("messages", "without one", "at least one text of what to draw");
        }
        if (options.getStyle() != null) {
            throw new InvalidRequestException("style", options.getStyle(), "absent; a prompt can say it");
        }
        String format = options.getResponseFormat();
        if (format != null && !format.equals(Diffusion4jImageOptions.B64_JSON)) {
            throw new InvalidRequestException("responseFormat", format, Diffusion4jImageOptions.B64_JSON);
        }
        if (messages.mask().isPresent() && messages.pictures().size() != 1) {
            throw new InvalidRequestException(
                    MASK, "given with " + messages.pictures().size() + " pictures", "given with one picture");
        }
    }

    private static ImageRequest.Builder begin(
            DiffusionModel model, PromptMessages messages, Diffusion4jImageOptions options) {
        List<Picture> pictures = messages.pictures().stream().map(Picture::of).toList();
        if (pictures.isEmpty()) {
            return ImageRequest.textToImage(messages.text());
        }
        if (model.family().can(Task.EDIT)
                && messages.mask().isEmpty()
                && options.strength().isEmpty()) {
            return ImageRequest.edit(References.of(pictures), messages.text());
        }
        if (pictures.size() > 1) {
            throw new InvalidRequestException("media", pictures.size() + " pictures", "one, which is redrawn");
        }
        InitImage init = InitImage.of(pictures.getFirst()).withResizeMode(ResizeMode.CROP);
        if (messages.mask().isPresent()) {
            init = init.withMask(
                    ImageProcessor.toMaskOfTransparency(messages.mask().get()));
        }
        if (options.strength().isPresent()) {
            init = init.withStrength(options.strength().get());
        }
        return ImageRequest.imageToImage(init, messages.text());
    }

    /** What one side is not given of is the usual size; without both, a picture's size counts if there is one. */
    private static Optional<ImageSize> size(
            DiffusionModel model, PromptMessages messages, Diffusion4jImageOptions options) {
        Integer width = options.getWidth();
        Integer height = options.getHeight();
        Optional<ImageSize> ofPicture = messages.pictures().stream()
                .findFirst()
                .map(picture -> model.sizeFor(new ImageSize(picture.getWidth(), picture.getHeight())));
        if (width == null && height == null) {
            return ofPicture;
        }
        ImageSize usual = ofPicture.orElseGet(model::nativeSize);
        return Optional.of(
                new ImageSize(width == null ? usual.width() : width, height == null ? usual.height() : height));
    }

    /** A builder of an image model, which has at least one model. Used by one thread at a time. */
    public static final class Builder {

        private final Map<String, Entry> models = new LinkedHashMap<>();
        private Diffusion4jImageOptions defaults =
                Diffusion4jImageOptions.builder().build();
        private ObservationRegistry observations = ObservationRegistry.NOOP;
        private @Nullable ImageModelObservationConvention convention;

        private Builder() {}

        /** A model, by the name of its file. Whoever opened it closes it. */
        public Builder model(DiffusionModel model) {
            return model(model.name(), model, Diffusion4jImageOptions.builder().build());
        }

        /**
         * A model, by a name that prompts' options use.
         *
         * @param name in place of another model's that was given before
         * @param model whoever opened it closes it
         * @param ownDefaults what prompts for this model take where they leave something out, before {@link #defaultOptions}
         */
        public Builder model(String name, DiffusionModel model, Diffusion4jImageOptions ownDefaults) {
            models.put(
                    Objects.requireNonNull(name, "name"),
                    new Entry(
                            Objects.requireNonNull(model, "model"),
                            Objects.requireNonNull(ownDefaults, "ownDefaults")));
            return this;
        }

        /** What prompts for all models take where they leave something out. */
        public Builder defaultOptions(Diffusion4jImageOptions options) {
            defaults = Objects.requireNonNull(options, "options");
            return this;
        }

        /** Where calls are observed, as Spring AI observes those of all image models; nowhere without it. */
        public Builder observationRegistry(ObservationRegistry registry) {
            observations = Objects.requireNonNull(registry, "registry");
            return this;
        }

        /** The names and tags of observations; Spring AI's own without it. */
        public Builder observationConvention(ImageModelObservationConvention names) {
            convention = Objects.requireNonNull(names, "names");
            return this;
        }

        /**
         * The image model.
         *
         * @throws InvalidRequestException if there is no model
         */
        public Diffusion4jImageModel build() {
            if (models.isEmpty()) {
                throw new InvalidRequestException("model", null, "given");
            }
            return new Diffusion4jImageModel(this);
        }
    }
}
