package dev.diffusion4j.spring.boot;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.hub.ModelDefaults;
import dev.diffusion4j.request.ImageRequestBuilder;
import dev.diffusion4j.request.NativeSampling;
import dev.diffusion4j.request.SamplerChoice;
import dev.diffusion4j.request.Sampling;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What requests for a model take where they leave something out. */
public class ImageProperties {

    /** The width in pixels; goes with the height. */
    private @Nullable Integer width;

    /** The height in pixels; goes with the width. */
    private @Nullable Integer height;

    /** Denoising steps, 1 to 1000. */
    private @Nullable Integer steps;

    /** The scale of classifier-free guidance, 0 to 100; 1 switches it off. */
    private @Nullable Double guidanceScale;

    /** What to avoid. */
    private @Nullable String negativePrompt;

    /** The sampler, with a noise schedule behind it where that is not the usual one, such as "DPM++ 2M Karras". */
    private @Nullable SamplerChoice sampler;

    /** How much of an input picture may change, 0 to 1. */
    private @Nullable Double strength;

    /** How long a call may take, the time in the queue included. */
    private @Nullable Duration timeout;

    /** Properties that are not given yet. */
    public ImageProperties() {}

    /**
     * Sets on a builder what was given, and for the rest, but the size, what is usual for a model that was given by a name.
     *
     * @throws InvalidRequestException if a value is out of range, or a side is given without the other
     */
    void applyTo(ImageRequestBuilder<?> builder, ModelDefaults usual) {
        if ((width == null) != (height == null)) {
            throw new InvalidRequestException(
                    "diffusion4j.image", "given one side", "given width and height, or neither");
        }
        if (width != null && height != null) {
            builder.size(width, height);
        }
        if (steps != null) {
            builder.steps(steps);
        } else {
            usual.steps().ifPresent(builder::steps);
        }
        if (guidanceScale != null) {
            builder.guidanceScale(guidanceScale);
        } else {
            usual.guidance().ifPresent(builder::guidanceScale);
        }
        if (negativePrompt != null) {
            builder.negativePrompt(negativePrompt);
        }
        NativeSampling sampling = sampling(usual);
        if (!sampling.given().isEmpty()) {
            builder.sampling(sampling);
        }
    }

    private NativeSampling sampling(ModelDefaults usual) {
        NativeSampling sampling = Optional.ofNullable(sampler)
                .or(() -> usual.sampler().map(SamplerChoice::of))
                .map(Sampling::of)
                .orElse(Sampling.standard());
        return usual.flowShift().isPresent()
                ? sampling.withFlowShift(usual.flowShift().getAsDouble())
                : sampling;
    }

    public @Nullable Integer getWidth() {
        return width;
    }

    public void setWidth(@Nullable Integer width) {
        this.width = width;
    }

    public @Nullable Integer getHeight() {
        return height;
    }

    public void setHeight(@Nullable Integer height) {
        this.height = height;
    }

    public @Nullable Integer getSteps() {
        return steps;
    }

    public void setSteps(@Nullable Integer steps) {
        this.steps = steps;
    }

    public @Nullable Double getGuidanceScale() {
        return guidanceScale;
    }

    public void setGuidanceScale(@Nullable Double guidanceScale) {
        this.guidanceScale = guidanceScale;
    }

    public @Nullable String getNegativePrompt() {
        return negativePrompt;
    }

    public void setNegativePrompt(@Nullable String negativePrompt) {
        this.negativePrompt = negativePrompt;
    }

    public @Nullable SamplerChoice getSampler() {
        return sampler;
    }

    public void setSampler(@Nullable SamplerChoice sampler) {
        this.sampler = sampler;
    }

    public @Nullable Double getStrength() {
        return strength;
    }

    public void setStrength(@Nullable Double strength) {
        this.strength = strength;
    }

    public @Nullable Duration getTimeout() {
        return timeout;
    }

    public void setTimeout(@Nullable Duration timeout) {
        this.timeout = timeout;
    }
}
