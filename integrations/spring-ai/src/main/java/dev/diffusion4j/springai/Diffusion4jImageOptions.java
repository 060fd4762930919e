package dev.diffusion4j.springai;

import dev.diffusion4j.GenerationListener;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.request.ImageRequest;
import dev.diffusion4j.request.ImageRequestBuilder;
import dev.diffusion4j.request.InitImage;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.image.ImageOptions;

/**
 * The options of a picture: Spring AI's own, and all of {@link ImageRequest} but prompt and pictures, which are the messages of the
 * prompt. Immutable; what was not given is taken from the model's defaults.
 *
 * {@snippet :
 * ImageOptions options = Diffusion4jImageOptions.builder()
 *         .width(512)
 *         .height(768)
 *         .steps(20)
 *         .sampling(Sampling.of(Sampler.DPMPP_2M))
 *         .build();
 * }
 */
public final class Diffusion4jImageOptions implements ImageOptions {

    /** The one response format that there is. */
    public static final String B64_JSON = "b64_json";

    private static final ImageRequest NOTHING = ImageRequest.textToImage("").build();

    private final @Nullable String model;
    private final @Nullable Integer n;
    private final @Nullable Integer width;
    private final @Nullable Integer height;
    private final @Nullable String responseFormat;
    private final @Nullable String style;
    private final @Nullable Double strength;
    private final @Nullable Duration timeout;
    private final @Nullable GenerationListener listener;
    private final ImageRequest request;

    private Diffusion4jImageOptions(Builder builder) {
        model = builder.model;
        n = builder.n;
        width = builder.width;
        height = builder.height;
        responseFormat = builder.responseFormat;
        style = builder.style;
        strength = builder.strength;
        timeout = builder.timeout;
        listener = builder.listener;
        request = builder.ownOptions();
    }

    /** A builder without any option. */
    public static Builder builder() {
        return new Builder(NOTHING);
    }

    /** Options of any kind as those of this library; without options, none. */
    public static Diffusion4jImageOptions of(@Nullable ImageOptions options) {
        if (options instanceof Diffusion4jImageOptions own) {
            return own;
        }
        Builder builder = builder();
        if (options != null) {
            builder.model = options.getModel();
            builder.n = options.getN();
            builder.width = options.getWidth();
            builder.height = options.getHeight();
            builder.responseFormat = options.getResponseFormat();
            builder.style = options.getStyle();
        }
        return builder.build();
    }

    /** A builder that begins with these. */
    public Builder toBuilder() {
        Builder builder = new Builder(request);
        builder.model = model;
        builder.n = n;
        builder.width = width;
        builder.height = height;
        builder.responseFormat = responseFormat;
        builder.style = style;
        builder.strength = strength;
        builder.timeout = timeout;
        builder.listener = listener;
        return builder;
    }

    /** These, with what they leave out taken from others; {@link ImageRequest#withDefaults} says how samplings are joined. */
    public Diffusion4jImageOptions withDefaults(Diffusion4jImageOptions defaults) {
        Builder builder = new Builder(request.withDefaults(defaults.request));
        builder.model = or(model, defaults.model);
        builder.n = or(n, defaults.n);
        builder.width = or(width, defaults.width);
        builder.height = or(height, defaults.height);
        builder.responseFormat = or(responseFormat, defaults.responseFormat);
        builder.style = or(style, defaults.style);
        builder.strength = or(strength, defaults.strength);
        builder.timeout = or(timeout, defaults.timeout);
        builder.listener = or(listener, defaults.listener);
        return builder.build();
    }

    private static <T> @Nullable T or(@Nullable T value, @Nullable T other) {
        return value == null ? other : value;
    }

    /** The name of the model that draws. */
    @Override
    public @Nullable String getModel() {
        return model;
    }

    /** How many pictures. */
    @Override
    public @Nullable Integer getN() {
        return n;
    }

    /** In pixels. */
    @Override
    public @Nullable Integer getWidth() {
        return width;
    }

    /** In pixels. */
    @Override
    public @Nullable Integer getHeight() {
        return height;
    }

    /** How pictures are handed out. */
    @Override
    public @Nullable String getResponseFormat() {
        return responseFormat;
    }

    /** A style by its name, which no model of this library has. */
    @Override
    public @Nullable String getStyle() {
        return style;
    }

    /** How much of a picture may change, if that was given. */
    public Optional<Double> strength() {
        return Optional.ofNullable(strength);
    }

    /** How long the call may take, if that was given. */
    public Optional<Duration> timeout() {
        return Optional.ofNullable(timeout);
    }

    /** What watches the generation. */
    public GenerationListener listener() {
        return listener == null ? GenerationListener.NONE : listener;
    }

    /** The options of this library, as a request with an empty prompt. */
    public ImageRequest request() {
        return request;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Diffusion4jImageOptions options
                && Objects.equals(model, options.model)
                && Objects.equals(n, options.n)
                && Objects.equals(width, options.width)
                && Objects.equals(height, options.height)
                && Objects.equals(responseFormat, options.responseFormat)
                && Objects.equals(style, options.style)
                && Objects.equals(strength, options.strength)
                && Objects.equals(timeout, options.timeout)
                && Objects.equals(listener, options.listener)
                && request.equals(options.request);
    }

    @Override
    public int hashCode() {
        return Objects.hash(model, n, width, height, responseFormat, style, strength, timeout, listener, request);
    }

    /** Such as {@code {"steps":20}, model null, 2 of 512x512}. */
    @Override
    public String toString() {
        return request.toJson() + ", model " + model + ", " + n + " of " + width + "x" + height;
    }

    /**
     * A builder of options. Values of this library are checked as they are given: {@link InvalidRequestException} names them. Used by
     * one thread at a time.
     */
    public static final class Builder extends ImageRequestBuilder<Builder> {

        private @Nullable String model;
        private @Nullable Integer n;
        private @Nullable Integer width;
        private @Nullable Integer height;
        private @Nullable String responseFormat;
        private @Nullable String style;
        private @Nullable Double strength;
        private @Nullable Duration timeout;
        private @Nullable GenerationListener listener;

        private Builder(ImageRequest start) {
            super(start);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** The name of the model that draws; the first one without it. */
        public Builder model(String name) {
            model = Objects.requireNonNull(name, "name");
            return this;
        }

        /** How many pictures, 1 to {@value ImageRequest#MAX_STEPS}; 1 without it. */
        public Builder n(int count) {
            n = count;
            return this;
        }

        /** As {@link #n}. */
        @Override
        public Builder batchCount(int count) {
            return n(count);
        }

        /** In pixels, a multiple of what the model says; the model's native width without it. */
        public Builder width(int pixels) {
            width = pixels;
            return this;
        }

        /** In pixels, a multiple of what the model says; the model's native height without it. */
        public Builder height(int pixels) {
            height = pixels;
            return this;
        }

        /** {@link #width} and {@link #height} at once. */
        @Override
        public Builder size(int widthPixels, int heightPixels) {
            return width(widthPixels).height(heightPixels);
        }

        /** How pictures are handed out: {@value #B64_JSON} is the one way, and what is done without it. */
        public Builder responseFormat(String format) {
            responseFormat = Objects.requireNonNull(format, "format");
            return this;
        }

        /**
         * How much of an input picture may change, 0 to 1. With it, models that edit redraw the picture, too; without it what is
         * redrawn takes {@value InitImage#DEFAULT_STRENGTH}.
         */
        public Builder strength(double value) {
            if (!(value >= 0 && value <= 1)) {
                throw new InvalidRequestException("strength", value, "from 0 to 1");
            }
            strength = value;
            return this;
        }

        /** How long a call may take, above zero, the time in the queue included; as long as it takes without it. */
        public Builder timeout(Duration limit) {
            if (!limit.isPositive()) {
                throw new InvalidRequestException("timeout", limit, "above zero");
            }
            timeout = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** What watches the generation: its progress, previews, warnings. */
        public Builder listener(GenerationListener watching) {
            listener = Objects.requireNonNull(watching, "watching");
            return this;
        }

        private ImageRequest ownOptions() {
            ImageRequest options = request();
            if (!options.prompt().isEmpty()
                    || options.initImage().isPresent()
                    || options.references().isPresent()) {
                throw new InvalidRequestException(
                        "options", options, "without a prompt and pictures, which are the prompt's messages");
            }
            return options;
        }

        /**
         * The options.
         *
         * @throws InvalidRequestException if there is a prompt or a picture among them
         */
        public Diffusion4jImageOptions build() {
            return new Diffusion4jImageOptions(this);
        }
    }
}
