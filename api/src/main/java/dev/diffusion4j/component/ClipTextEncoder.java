package dev.diffusion4j.component;

import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.Tokens;
import java.util.List;

/**
 * A model's CLIP text encoder (Radford et al. 2021) by itself, and what it is made of: tokens become embeddings, which get
 * their position added, pass the transformer's layers under a causal mask, and a final layer norm.
 *
 * <p>Shapes are those of diffusers, written here for ViT-L/14 of Stable Diffusion 1.x: {@code (1, 77, 768)} for a text,
 * {@code (49408, 768)} for the table. Every returned tensor is a new one, and the caller's to close.
 *
 * <p>Safe for use by several threads; calls run one after another on the model's thread.
 */
public non-sealed interface ClipTextEncoder extends TextEncoder {

    /**
     * This encoder with one more textual inversion: its tokenizer knows the word, and its embeddings are the file's.
     *
     * @param inversion open while the encoder is used
     * @throws InvalidRequestException if it was made for another width, or the word is known already
     */
    ClipTextEncoder with(TextualInversion inversion);

    /** The tokenizer whose tokens this encoder takes, with its padding and its textual inversions. */
    ClipTokenizer tokenizer();

    /** The textual inversions it knows, in the order of their ids. */
    List<TextualInversion> inversions();

    /** The number of the transformer's layers: 12, 24 or 32. */
    int layers();

    /** Size of the {@linkplain #pooled pooled output}. */
    int pooledSize();

    /** The clip skip that the model draws with: 1 is the last layer, 2 the one before. */
    int defaultClipSkip();

    /**
     * The hidden state after a layer.
     *
     * @param tokens of this encoder's {@link #tokenizer()}
     * @param clipSkip 1 for the last layer, up to {@link #layers()} for the first
     * @param finalNorm whether the final layer norm is applied to it
     * @return {@code (1, 77, 768)}
     * @throws InvalidRequestException if there is no such layer or token
     */
    Tensor hiddenState(Tokens tokens, int clipSkip, boolean finalNorm);

    /**
     * The pooled output: the final layer norm of the last layer where the text ends, through the text projection where
     * the encoder has one (that of SDXL's second encoder).
     *
     * @return {@code (1, 768)}: (1, {@link #pooledSize()})
     */
    Tensor pooled(Tokens tokens);

    /**
     * The table of token embeddings, as the model's file has it.
     *
     * @return {@code (49408, 768)}, 152 MB
     */
    Tensor tokenEmbeddings();

    /**
     * The embeddings of the 77 positions.
     *
     * @return {@code (77, 768)}
     */
    Tensor positionEmbeddings();

    /**
     * The token embeddings of a text: rows of the table, or vectors of textual inversions.
     *
     * @return {@code (1, 77, 768)}
     */
    Tensor embed(Tokens tokens);

    /**
     * What enters the first layer for a text: the sum of token and position embeddings.
     *
     * @return {@code (1, 77, 768)}
     */
    Tensor inputEmbeddings(Tokens tokens);

    /**
     * Runs the encoder on embeddings of your own, such as a mixture of two texts' {@link #inputEmbeddings}: the output
     * embeddings, as {@link #encode} gives them for a text.
     *
     * @param inputEmbeddings {@code (1, 77, 768)}, token and position embeddings added
     * @return {@code (1, 77, 768)}
     * @throws InvalidRequestException if the shape is another
     */
    Tensor encodeEmbeddings(Tensor inputEmbeddings);

    /**
     * As {@link #encodeEmbeddings(Tensor)}, after a layer of choice.
     *
     * @param inputEmbeddings {@code (1, 77, 768)}, token and position embeddings added
     * @param clipSkip 1 for the last layer, up to {@link #layers()} for the first
     * @param finalNorm whether the final layer norm is applied
     * @throws InvalidRequestException if the shape is another or there is no such layer
     */
    Tensor encodeEmbeddings(Tensor inputEmbeddings, int clipSkip, boolean finalNorm);

    /**
     * The causal mask that the layers add to their attention scores: 0 where a position (row) may look at another
     * (column), minus infinity where that comes later.
     *
     * @return {@code (77, 77)}
     */
    Tensor causalMask();

    /**
     * Applies the final layer norm to hidden states, row by row.
     *
     * @param hidden any shape whose last dimension is {@link #hiddenSize()}; left as it is
     * @return of the same shape
     * @throws InvalidRequestException if the last dimension is another
     */
    Tensor finalLayerNorm(Tensor hidden);
}
