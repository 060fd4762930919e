package dev.diffusion4j.langchain4j;

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.GeneratedImage;
import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.error.ClosedException;
import dev.diffusion4j.error.DiffusionException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.image.ImageProcessor;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.image.Picture;
import dev.diffusion4j.image.ResizeMode;
import dev.diffusion4j.langchain4j.spi.Diffusion4jImageModelBuilderFactory;
import dev.diffusion4j.modelfile.Task;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ImageRequestBuilder;
import dev.diffusion4j.request.InitImage;
import dev.diffusion4j.request.References;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.spi.ServiceHelper;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * An image model of LangChain4j that draws in this JVM.
 *
 * {@snippet :
 * try (DiffusionModel model = DiffusionModel.open(Path.of("model.safetensors"))) {
 *     ImageModel images = Diffusion4jImageModel.builder().model(model).steps(20).build();
 *     String png = images.generate("a lighthouse at dusk").content().base64Data();
 * }
 * }
 *
 * <p>Pictures come as PNG files in base 64. The response's metadata has the {@code seeds} that draw them again, a list of
 * {@link Long}, and the {@code warnings}, a list of sentences about what was asked for and not done.
 *
 * <p>A model of a family that {@linkplain dev.diffusion4j.modelfile.ModelFamily#can edits} looks at the picture that is edited. Any
 * other redraws it, as does every model where there is a mask or a {@linkplain Builder#strength strength}. Without a size, an edited
 * picture is drawn at {@link DiffusionModel#sizeFor about its own}. Pictures to edit are in base 64, or have a {@code data:} or
 * {@code file:} URL.
 *
 * <p>Every method throws LangChain4j's exceptions, each with the library's own as its cause:
 *
 * <ul>
 *   <li>{@link dev.langchain4j.exception.InvalidRequestException}: the model cannot do that, or a picture cannot be read;
 *   <li>{@link dev.langchain4j.exception.RateLimitException}: too many generations wait for the model;
 *   <li>{@link dev.langchain4j.exception.TimeoutException}: it took longer than the {@linkplain Builder#timeout timeout};
 *   <li>{@link dev.langchain4j.exception.InternalServerException}: the native runtime failed;
 *   <li>{@link dev.langchain4j.exception.NonRetriableException}: the generation was cancelled, or a file or device is missing;
 *   <li>{@link dev.langchain4j.exception.UnsupportedFeatureException}: a picture has a URL of another kind.
 * </ul>
 *
 * <p>After the model was closed, {@link ClosedException} says that. Safe for use by several threads; the model draws one after another.
 */
public class Diffusion4jImageModel implements ImageModel {

    private final DiffusionModel model;
    private final ImageRequest defaults;
    private final OptionalDouble strength;
    private final Optional<Duration> timeout;
    private final GenerationListener listener;

    /**
     * As the builder says.
     *
     * @throws dev.langchain4j.exception.InvalidRequestException if the builder was given no model, or a prompt, a picture or a batch,
     *     which each call says anew
     */
    public Diffusion4jImageModel(Builder builder) {
        model = builder.model.orElseThrow(
                () -> Failures.translated(new InvalidRequestException("model", null, "given")));
        defaults = builder.defaults();
        strength = builder.strength;
        timeout = builder.timeout;
        listener = builder.listener;
    }

    /** A builder: that of the first {@link Diffusion4jImageModelBuilderFactory} which is found, otherwise the usual one. */
    public static Builder builder() {
        return ServiceHelper.loadFactories(Diffusion4jImageModelBuilderFactory.class).stream()
                .findFirst()
                .map(Supplier::get)
                .orElseGet(Builder::new);
    }

    /** The name of the model's file. */
    public String modelName() {
        return model.name();
    }

    @Override
    public Response<Image> generate(String prompt) {
        return first(translating(() -> draw(ImageRequest.textToImage(prompt).build())));
    }

    /**
     * Draws several pictures.
     *
     * @param n how many, 1 to {@value ImageRequest#MAX_STEPS}
     */
    @Override
    public Response<List<Image>> generate(String prompt, int n) {
        return translating(
                () -> draw(ImageRequest.textToImage(prompt).batchCount(n).build()));
    }

    @Override
    public Response<Image> edit(Image image, String prompt) {
        return first(translating(() -> {
            Picture picture = Picture.of(ImageReader.read(image));
            boolean looksAtIt = model.family().can(Task.EDIT) && strength.isEmpty();
            return draw(
                    looksAtIt
                            ? ImageRequest.edit(References.of(List.of(picture)), prompt)
                            : ImageRequest.imageToImage(initImage(picture), prompt),
                    picture);
        }));
    }

    /**
     * Redraws a part of a picture.
     *
     * @param mask of the picture's size: what is transparent is redrawn, or where nothing is transparent, what is white
     */
    @Override
    public Response<Image> edit(Image image, Image mask, String prompt) {
        return first(translating(() -> {
            Picture picture = Picture.of(ImageReader.read(image));
            InitImage masked = initImage(picture).withMask(ImageProcessor.toMaskOfTransparency(ImageReader.read(mask)));
            return draw(ImageRequest.imageToImage(masked, prompt), picture);
        }));
    }

    private InitImage initImage(Picture picture) {
        InitImage init = InitImage.of(picture).withResizeMode(ResizeMode.CROP);
        return strength.isPresent() ? init.withStrength(strength.getAsDouble()) : init;
    }

    private Response<List<Image>> draw(ImageRequest.Builder edit, Picture picture) {
        ImageSize size = defaults.size().orElseGet(() -> model.sizeFor(picture.size()));
        return draw(edit.size(size.width(), size.height()).build());
    }

    private Response<List<Image>> draw(ImageRequest request) {
        ImageRequest complete = request.withDefaults(defaults);
        List<GeneratedImage> images = timeout.isPresent()
                ? model.startAll(complete, listener).await(timeout.get())
                : model.generateAll(complete, listener);
        Map<String, Object> metadata = Map.of(
                "seeds", images.stream().map(GeneratedImage::seed).toList(),
                "warnings", images.getFirst().warnings());
        return Response.from(images.stream().map(Diffusion4jImageModel::image).toList(), null, null, metadata);
    }

    private static Image image(GeneratedImage image) {
        return Image.builder()
                .base64Data(Base64.getEncoder().encodeToString(image.toPng()))
                .mimeType("image/png")
                .build();
    }

    private static Response<Image> first(Response<List<Image>> all) {
        return Response.from(all.content().getFirst(), null, null, all.metadata());
    }

    private static <T> T translating(Supplier<T> work) {
        try {
            return work.get();
        } catch (DiffusionException e) {
            throw Failures.translated(e);
        }
    }

    /**
     * A builder of an image model. What it is given beside the model is what each call takes: the options of {@link ImageRequest}, but
     * for prompt, pictures and batch, which a call says itself. With a {@link #seed}, each call with the same prompt draws the same
     * picture. Options are checked as they are given: {@link InvalidRequestException} names them.
     */
    public static class Builder extends ImageRequestBuilder<Builder> {

        private static final ImageRequest NOTHING = ImageRequest.textToImage("").build();

        private Optional<DiffusionModel> model = Optional.empty();
        private OptionalDouble strength = OptionalDouble.empty();
        private Optional<Duration> timeout = Optional.empty();
        private GenerationListener listener = GenerationListener.NONE;

        /** Public for factories; applications use {@link Diffusion4jImageModel#builder()}. */
        public Builder() {
            super(NOTHING);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** The model that draws. Whoever opened it closes it. */
        public Builder model(DiffusionModel openModel) {
            model = Optional.of(openModel);
            return this;
        }

        /**
         * How much of a picture may change when it is edited, 0 to 1. With it, models that edit redraw the picture, too; without it
         * what is redrawn takes {@value InitImage#DEFAULT_STRENGTH}.
         */
        public Builder strength(double value) {
            if (!(value >= 0 && value <= 1)) {
                throw new InvalidRequestException("strength", value, "from 0 to 1");
            }
            strength = OptionalDouble.of(value);
            return this;
        }

        /** How long a call may take, above zero, the time in the queue included; as long as it takes without it. */
        public Builder timeout(Duration limit) {
            if (!limit.isPositive()) {
                throw new InvalidRequestException("timeout", limit, "above zero");
            }
            timeout = Optional.of(limit);
            return this;
        }

        /** What watches each generation. */
        public Builder listener(GenerationListener watching) {
            listener = Objects.requireNonNull(watching, "watching");
            return this;
        }

        private ImageRequest defaults() {
            ImageRequest options = request();
            if (!options.prompt().isEmpty()
                    || options.initImage().isPresent()
                    || options.references().isPresent()
                    || options.batchCount() != 1) {
                throw Failures.translated(new InvalidRequestException(
                        "options", options, "without a prompt, pictures or a batch, which each call says itself"));
            }
            return options;
        }

        /** The image model; throws what its constructor throws. */
        public Diffusion4jImageModel build() {
            return new Diffusion4jImageModel(this);
        }
    }
}
