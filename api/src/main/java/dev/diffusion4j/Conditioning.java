package dev.diffusion4j;

import dev.diffusion4j.tensor.Tensor;
import java.util.Objects;
import java.util.Optional;

/**
 * What a U-Net is told of a text. Made by {@link StableDiffusion#encodePrompt} or from tensors of your own.
 *
 * @param context {@code (1 or batch, tokens, context size)}: hidden states of the text encoders
 * @param vector {@code (1, vector size)}: pooled text and picture size, for the models that want them (SDXL)
 */
public record Conditioning(Tensor context, Optional<Tensor> vector) implements AutoCloseable {

    public Conditioning {
        Objects.requireNonNull(context, "context");
        Objects.requireNonNull(vector, "vector");
    }

    /** Of a context alone, as SD 1.x and 2.x have it. */
    public static Conditioning of(Tensor context) {
        return new Conditioning(context, Optional.empty());
    }

    /** Closes both tensors. */
    @Override
    public void close() {
        context.close();
        vector.ifPresent(Tensor::close);
    }
}
