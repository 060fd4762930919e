package dev.diffusion4j.component;

import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.Tokens;

/**
 * A text encoder of a model by itself: what turns a prompt's tokens into hidden states that a denoiser is conditioned on.
 *
 * <p>Every returned tensor is a new one, and the caller's to close. Safe for use by several threads; calls run one after another
 * on the model's thread.
 */
public sealed interface TextEncoder permits ClipTextEncoder {

    /** Width of the hidden states: 768, or 1024 and 1280 for the larger encoders of other families. */
    int hiddenSize();

    /**
     * What the model's U-Net sees of a text: the last hidden state as the family uses it.
     *
     * @return {@code (1, 77, 768)}
     */
    Tensor encode(Tokens tokens);
}
