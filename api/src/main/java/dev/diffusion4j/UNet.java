package dev.diffusion4j;

import dev.diffusion4j.internal.PartsInfo;
import dev.diffusion4j.internal.Watch;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.scheduler.Timestep;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.Optional;

/**
 * A model's U-Net by itself: predicts the noise in latents, told how noisy they are and what text they shall become
 * (Rombach et al. 2022).
 *
 * <p>Latents are {@code (batch, 4, height, width)} at the scale that the model was trained with: schedulers bring them
 * there with {@code scaleModelInput}. Height and width must be multiples of {@link #sizeMultiple()}.
 *
 * <p>Safe for use by several threads; calls run one after another on the model's thread. Its working memory is kept from
 * one prediction to the next, until another part or a generation runs. The variants that take a {@code prediction} write
 * there and allocate no memory off the heap; a tensor must not be closed or changed meanwhile.
 */
public final class UNet {

    private final PartCalls calls;
    private final PartsInfo info;
    private final int latentChannels;

    UNet(PartCalls calls, int latentChannels) {
        this.calls = calls;
        this.info = calls.info();
        this.latentChannels = latentChannels;
    }

    /** Channels of the latents: 4. */
    public int latentChannels() {
        return latentChannels;
    }

    /** Channels it takes: those of the latents, and for inpainting models mask and masked latents. */
    public int inChannels() {
        return info.unetInChannels();
    }

    /** Width of the context that it attends to: 768 for SD 1.x. */
    public int contextSize() {
        return info.contextSize();
    }

    /** Size of {@link Conditioning#vector()}; 0 for models without, such as SD 1.x. */
    public int vectorSize() {
        return info.vectorSize();
    }

    /** Height and width of latents must be multiples of this many cells. */
    public int sizeMultiple() {
        return info.sizeMultiple();
    }

    /** What a prediction stands for; tell the scheduler. */
    public PredictionType predictionType() {
        return info.predictionType();
    }

    /** As {@link #predictNoise(Tensor, double, Tensor)}, at a scheduler's timestep. */
    public Tensor predictNoise(Tensor latents, Timestep timestep, Tensor context) {
        return predictNoise(latents, timestep.value(), context);
    }

    /**
     * Predicts for one text.
     *
     * @param latents {@code (batch, 4, height, width)}
     * @param timestep from 0 to 999, fractions too
     * @param context {@code (1 or batch, tokens, 768)}, from a text encoder
     * @return a new tensor of the latents' shape
     * @throws InvalidRequestException if a shape or the timestep is out of range, or the model needs a vector as well
     * @throws NativeFailureException if the computation fails
     */
    public Tensor predictNoise(Tensor latents, double timestep, Tensor context) {
        Tensor prediction = Tensor.zeros(latents.shape());
        try {
            predictNoise(latents, timestep, Conditioning.of(context), prediction);
            return prediction;
        } catch (Throwable e) {
            prediction.close();
            throw e;
        }
    }

    /**
     * Predicts for one text into a tensor.
     *
     * @param latents {@code (batch, 4, height, width)}
     * @param timestep from 0 to 999, fractions too
     * @param conditioning what the latents shall become
     * @param prediction of the latents' shape; written
     * @throws InvalidRequestException if a shape or the timestep is out of range
     */
    public void predictNoise(Tensor latents, double timestep, Conditioning conditioning, Tensor prediction) {
        predict(latents, timestep, conditioning, null, 1, null, prediction, Watch.NONE);
    }

    /**
     * Predicts with classifier-free guidance (Ho and Salimans 2022): {@code negative + scale * (positive - negative)}.
     *
     * @param latents {@code (batch, 4, height, width)}
     * @param timestep from 0 to 999, fractions too
     * @param positive what the latents shall become
     * @param negative what they shall not become, usually an empty text; its context may have another length
     * @param guidanceScale 1 for the positive prediction alone; usually 7.5
     * @param prediction of the latents' shape; written
     * @throws InvalidRequestException if a shape, the timestep or the scale is out of range
     */
    public void predictGuidedNoise(
            Tensor latents,
            double timestep,
            Conditioning positive,
            Conditioning negative,
            double guidanceScale,
            Tensor prediction) {
        predict(latents, timestep, positive, negative, guidanceScale, null, prediction, Watch.NONE);
    }

    /**
     * @param negative null for no guidance
     * @param concat what inpainting models see beside the latents, null for others
     */
    void predict(
            Tensor latents,
            double timestep,
            Conditioning positive,
            Conditioning negative,
            double guidanceScale,
            Tensor concat,
            Tensor prediction,
            Watch watch) {
        requireLatents(latents);
        Checks.shape("prediction", prediction, latents.shape());
        // The model takes both as float, where a little below 1000 is 1000 and a large scale is infinite.
        if (!((float) timestep >= 0 && (float) timestep < 1000)) {
            throw new InvalidRequestException("timestep", timestep, "from 0 to below 1000");
        }
        if (!Float.isFinite((float) guidanceScale)) {
            throw new InvalidRequestException("guidanceScale", guidanceScale, "a finite number");
        }
        requireConcat(latents, concat);
        requireConditioning(latents, positive);
        if (negative != null) {
            requireConditioning(latents, negative);
            if (negative.context().shape().dimension(0)
                    != positive.context().shape().dimension(0)) {
                throw new InvalidRequestException(
                        "negative.context",
                        negative.context().shape(),
                        "of the batch of the positive one, "
                                + positive.context().shape());
            }
        }
        Conditioning against = guidanceScale == 1 ? null : negative;
        calls.run(parts -> parts.predict(
                latents,
                (float) timestep,
                positive.context(),
                against == null ? null : against.context(),
                positive.vector().orElse(null),
                against == null ? null : against.vector().orElse(null),
                concat,
                (float) guidanceScale,
                watch,
                prediction));
    }

    private void requireLatents(Tensor latents) {
        Shape shape = latents.shape();
        int multiple = sizeMultiple();
        boolean fits = shape.rank() == 4
                && shape.dimension(1) == latentChannels
                && shape.dimension(2) % multiple == 0
                && shape.dimension(3) % multiple == 0;
        if (!fits) {
            throw new InvalidRequestException(
                    "latents",
                    shape,
                    "(batch, " + latentChannels + ", height, width) with sides that are multiples of " + multiple);
        }
    }

    private void requireConcat(Tensor latents, Tensor concat) {
        int channels = inChannels() - latentChannels;
        if (channels == 0) {
            return;
        }
        Shape wanted =
                Shape.of(channels, latents.shape().dimension(2), latents.shape().dimension(3));
        if (concat == null) {
            throw new InvalidRequestException(
                    "latents",
                    latents.shape(),
                    "those of another model: this one also sees a mask, which only inpaint(...) gives it");
        }
        Checks.shape("concat", concat, wanted);
    }

    private void requireConditioning(Tensor latents, Conditioning conditioning) {
        Shape context = conditioning.context().shape();
        long batch = latents.shape().dimension(0);
        boolean fits = context.rank() == 3
                && (context.dimension(0) == 1 || context.dimension(0) == batch)
                && context.dimension(2) == contextSize();
        if (!fits) {
            throw new InvalidRequestException(
                    "context", context, "(1 or " + batch + ", tokens, " + contextSize() + ")");
        }
        Optional<Tensor> vector = conditioning.vector();
        if (vectorSize() == 0 ? vector.isPresent() : vector.isEmpty()) {
            throw new InvalidRequestException(
                    "vector",
                    vector.isPresent() ? "given" : "missing",
                    vectorSize() == 0 ? "absent for this model" : "given for this model, as encodePrompt does");
        }
        vector.ifPresent(tensor -> Checks.shape("vector", tensor, Shape.of(1, vectorSize())));
    }
}
