package dev.diffusion4j.component;

import dev.diffusion4j.tensor.NormalGenerator;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * What a VAE's encoder says of pictures: a normal distribution for each value of their latents, unscaled. Tiny
 * autoencoders give the mean alone; their deviation is 0.
 *
 * <p>Every returned tensor is a new one of shape {@code (batch, 4, height, width)}, and the caller's to close.
 */
public final class LatentDistribution implements AutoCloseable {

    /** As diffusers limits the logarithm of the variance. */
    private static final double MIN_LOG_VARIANCE = -30;

    private static final double MAX_LOG_VARIANCE = 20;

    private final Tensor moments;
    private final int channels;

    /**
     * A distribution of an encoder's output.
     *
     * @param moments {@code (batch, channels or 2 * channels, height, width)}: mean and log variance, or mean alone; closed with
     *     this object
     * @param channels of the latents
     */
    public LatentDistribution(Tensor moments, int channels) {
        this.moments = Objects.requireNonNull(moments, "moments");
        this.channels = channels;
    }

    /** The most likely latents. */
    public Tensor mean() {
        return part(0);
    }

    /** The logarithm of the variance, limited to -30 to 20; minus infinity where there is no deviation at all. */
    public Tensor logVariance() {
        if (moments.shape().dimension(1) == channels) {
            return closedOnFailure(Tensor.zeros(moments.shape()), none -> none.fill(Float.NEGATIVE_INFINITY));
        }
        return closedOnFailure(
                part(1), logVariance -> logVariance.clamp((float) MIN_LOG_VARIANCE, (float) MAX_LOG_VARIANCE));
    }

    /** The standard deviation. */
    public Tensor standardDeviation() {
        return closedOnFailure(logVariance(), deviation -> {
            for (long i = 0; i < deviation.size(); i++) {
                deviation.setFlat(i, (float) Math.exp(0.5 * deviation.getFlat(i)));
            }
        });
    }

    /** Draws latents: mean plus deviation times noise, one draw of the generator. */
    public Tensor sample(NormalGenerator noise) {
        return closedOnFailure(mean(), sample -> {
            try (Tensor deviation = standardDeviation();
                    Tensor drawn = Tensor.zeros(sample.shape())) {
                noise.fill(drawn);
                drawn.multiply(deviation);
                sample.addScaled(1, drawn);
            }
        });
    }

    private static Tensor closedOnFailure(Tensor result, Consumer<Tensor> work) {
        try {
            work.accept(result);
            return result;
        } catch (Throwable e) {
            result.close();
            throw e;
        }
    }

    private Tensor part(int index) {
        Shape shape = moments.shape();
        Shape wanted = Shape.of(shape.dimension(0), channels, shape.dimension(2), shape.dimension(3));
        long bytes = wanted.byteSize() / shape.dimension(0);
        long stride = shape.byteSize() / shape.dimension(0);
        return closedOnFailure(Tensor.zeros(wanted), part -> {
            for (long picture = 0; picture < shape.dimension(0); picture++) {
                MemorySegment.copy(
                        moments.segment(), picture * stride + index * bytes, part.segment(), picture * bytes, bytes);
            }
        });
    }

    @Override
    public void close() {
        moments.close();
    }
}
