package dev.diffusion4j;

import dev.diffusion4j.internal.PartsInfo.TextEncoderInfo;
import dev.diffusion4j.internal.Watch;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.Tokens;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model's CLIP text encoder (Radford et al. 2021) by itself, and what it is made of: tokens become embeddings, which get
 * their position added, pass the transformer's layers under a causal mask, and a final layer norm.
 *
 * <p>Shapes are those of diffusers, written here for ViT-L/14 of Stable Diffusion 1.x: {@code (1, 77, 768)} for a text,
 * {@code (49408, 768)} for the table. Every returned tensor is a new one, and the caller's to close.
 *
 * <p>Safe for use by several threads; calls run one after another on the model's thread.
 */
public final class TextEncoder {

    /** Of PyTorch's LayerNorm, which CLIP uses. */
    private static final double NORM_EPSILON = 1e-5;

    private final PartCalls calls;
    private final int index;
    private final TextEncoderInfo info;
    private final ClipTokenizer tokenizer;
    private final List<TextualInversion> inversions;

    TextEncoder(PartCalls calls, int index, ClipTokenizer tokenizer, List<TextualInversion> inversions) {
        this.calls = calls;
        this.index = index;
        this.info = calls.info().textEncoders().get(index);
        this.tokenizer = tokenizer;
        this.inversions = inversions;
    }

    /**
     * This encoder with one more textual inversion: its tokenizer knows the word, and its embeddings are the file's.
     *
     * @param inversion open while the encoder is used
     * @throws InvalidRequestException if it was made for another width, or the word is known already
     */
    public TextEncoder with(TextualInversion inversion) {
        Tensor vectors = inversion.vectors(info.hiddenSize());
        ClipTokenizer extended = tokenizer.withAddedToken(
                inversion.token(), Math.toIntExact(vectors.shape().dimension(0)));
        return new TextEncoder(
                calls,
                index,
                extended,
                Stream.concat(inversions.stream(), Stream.of(inversion)).toList());
    }

    /** The tokenizer whose tokens this encoder takes, with its padding and its textual inversions. */
    public ClipTokenizer tokenizer() {
        return tokenizer;
    }

    /** The textual inversions it knows, in the order of their ids. */
    public List<TextualInversion> inversions() {
        return inversions;
    }

    /** Width of the hidden states: 768, or 1024 and 1280 for the larger encoders of other families. */
    public int hiddenSize() {
        return info.hiddenSize();
    }

    /** The number of the transformer's layers: 12, 24 or 32. */
    public int layers() {
        return info.layers();
    }

    /** Size of the {@linkplain #pooled pooled output}. */
    public int pooledSize() {
        return info.pooledSize();
    }

    /** The clip skip that the model draws with: 1 is the last layer, 2 the one before. */
    public int defaultClipSkip() {
        return info.skippedLayers() + 1;
    }

    /**
     * What the model's U-Net sees of a text: the last hidden state as the family uses it.
     *
     * @return {@code (1, 77, 768)}
     */
    public Tensor encode(Tokens tokens) {
        return hiddenState(tokens, defaultClipSkip(), info.finalNorm());
    }

    /**
     * The hidden state after a layer.
     *
     * @param tokens of this encoder's {@link #tokenizer()}
     * @param clipSkip 1 for the last layer, up to {@link #layers()} for the first
     * @param finalNorm whether the final layer norm is applied to it
     * @return {@code (1, 77, 768)}
     * @throws InvalidRequestException if there is no such layer or token
     */
    public Tensor hiddenState(Tokens tokens, int clipSkip, boolean finalNorm) {
        return hiddenState(tokens.ids(), clipSkip, finalNorm, Watch.NONE);
    }

    Tensor hiddenState(int[] ids, int clipSkip, boolean finalNorm, Watch watch) {
        int skipped = Checks.range("clipSkip", clipSkip, 1, layers()) - 1;
        if (hasInversions(ids)) {
            try (Tensor embeddings = inputEmbeddings(ids)) {
                return encodeEmbeddings(embeddings, skipped, finalNorm, watch);
            }
        }
        return calls.fill(
                Tensor.zeros(textShape(hiddenSize())),
                (parts, hidden) -> parts.encodeText(index, ids, skipped, finalNorm, watch, hidden));
    }

    private Tensor encodeEmbeddings(Tensor embeddings, int skipped, boolean finalNorm, Watch watch) {
        return calls.fill(
                Tensor.zeros(textShape(hiddenSize())),
                (parts, hidden) -> parts.encodeEmbeddings(index, embeddings, skipped, finalNorm, watch, hidden));
    }

    /**
     * The pooled output: the final layer norm of the last layer where the text ends, through the text projection where
     * the encoder has one (that of SDXL's second encoder).
     *
     * @return {@code (1, 768)}: (1, {@link #pooledSize()})
     */
    public Tensor pooled(Tokens tokens) {
        return pooled(tokens.ids(), Watch.NONE);
    }

    Tensor pooled(int[] ids, Watch watch) {
        int end = 0;
        while (end < ids.length - 1 && ids[end] != ClipTokenizer.END_OF_TEXT) {
            end++;
        }
        int position = end;
        Shape shape = Shape.of(1, pooledSize());
        if (hasInversions(ids)) {
            try (Tensor embeddings = inputEmbeddings(ids)) {
                return calls.fill(
                        Tensor.zeros(shape),
                        (parts, pooled) -> parts.poolEmbeddings(index, embeddings, position, watch, pooled));
            }
        }
        return calls.fill(Tensor.zeros(shape), (parts, pooled) -> parts.poolText(index, ids, position, watch, pooled));
    }

    /**
     * The table of token embeddings, as the model's file has it.
     *
     * @return {@code (49408, 768)}, 152 MB
     */
    public Tensor tokenEmbeddings() {
        return weight("embeddings.token_embedding.weight");
    }

    /**
     * The embeddings of the 77 positions.
     *
     * @return {@code (77, 768)}
     */
    public Tensor positionEmbeddings() {
        return weight("embeddings.position_embedding.weight");
    }

    /**
     * The token embeddings of a text: rows of the table, or vectors of textual inversions.
     *
     * @return {@code (1, 77, 768)}
     */
    public Tensor embed(Tokens tokens) {
        return embed(tokens.ids());
    }

    private Tensor embed(int[] ids) {
        int[] known = ids.clone();
        for (int i = 0; i < known.length; i++) {
            known[i] = isInversion(known[i]) ? 0 : known[i];
        }
        Tensor embeddings = calls.fill(
                Tensor.zeros(textShape(hiddenSize())), (parts, result) -> parts.embedTokens(index, known, result));
        try {
            for (int i = 0; i < ids.length; i++) {
                if (isInversion(ids[i])) {
                    copyInversion(ids[i], embeddings, i);
                }
            }
            return embeddings;
        } catch (Throwable e) {
            embeddings.close();
            throw e;
        }
    }

    private void copyInversion(int id, Tensor embeddings, int position) {
        int offset = id - ClipTokenizer.VOCABULARY_SIZE;
        for (TextualInversion inversion : inversions) {
            Tensor vectors = inversion.vectors(hiddenSize());
            long count = vectors.shape().dimension(0);
            if (offset < count) {
                long row = (long) hiddenSize() * Float.BYTES;
                MemorySegment.copy(vectors.segment(), offset * row, embeddings.segment(), position * row, row);
                return;
            }
            offset -= (int) count;
        }
        throw new InvalidRequestException("tokens", id, "ids of this encoder's tokenizer");
    }

    private boolean hasInversions(int[] ids) {
        for (int id : ids) {
            if (isInversion(id)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isInversion(int id) {
        return id >= ClipTokenizer.VOCABULARY_SIZE;
    }

    /**
     * What enters the first layer for a text: the sum of token and position embeddings.
     *
     * @return {@code (1, 77, 768)}
     */
    public Tensor inputEmbeddings(Tokens tokens) {
        return inputEmbeddings(tokens.ids());
    }

    private Tensor inputEmbeddings(int[] ids) {
        Tensor embeddings = embed(ids);
        try (Tensor positions = positionEmbeddings();
                Tensor rows = positions.view(embeddings.shape())) {
            embeddings.addScaled(1, rows);
            return embeddings;
        } catch (Throwable e) {
            embeddings.close();
            throw e;
        }
    }

    /**
     * Runs the encoder on embeddings of your own, such as a mixture of two texts' {@link #inputEmbeddings}: the output
     * embeddings, as {@link #encode} gives them for a text.
     *
     * @param inputEmbeddings {@code (1, 77, 768)}, token and position embeddings added
     * @return {@code (1, 77, 768)}
     * @throws InvalidRequestException if the shape is another
     */
    public Tensor encodeEmbeddings(Tensor inputEmbeddings) {
        return encodeEmbeddings(inputEmbeddings, defaultClipSkip(), info.finalNorm());
    }

    /**
     * As {@link #encodeEmbeddings(Tensor)}, after a layer of choice.
     *
     * @param inputEmbeddings {@code (1, 77, 768)}, token and position embeddings added
     * @param clipSkip 1 for the last layer, up to {@link #layers()} for the first
     * @param finalNorm whether the final layer norm is applied
     * @throws InvalidRequestException if the shape is another or there is no such layer
     */
    public Tensor encodeEmbeddings(Tensor inputEmbeddings, int clipSkip, boolean finalNorm) {
        Checks.shape("inputEmbeddings", inputEmbeddings, textShape(hiddenSize()));
        int skipped = Checks.range("clipSkip", clipSkip, 1, layers()) - 1;
        return encodeEmbeddings(inputEmbeddings, skipped, finalNorm, Watch.NONE);
    }

    /**
     * The causal mask that the layers add to their attention scores: 0 where a position (row) may look at another
     * (column), minus infinity where that comes later.
     *
     * @return {@code (77, 77)}
     */
    public Tensor causalMask() {
        int length = calls.info().textLength();
        Tensor mask = Tensor.zeros(Shape.of(length, length));
        for (int row = 0; row < length; row++) {
            for (int column = row + 1; column < length; column++) {
                mask.set(Float.NEGATIVE_INFINITY, row, column);
            }
        }
        return mask;
    }

    /**
     * Applies the final layer norm to hidden states, row by row.
     *
     * @param hidden any shape whose last dimension is {@link #hiddenSize()}; left as it is
     * @return of the same shape
     * @throws InvalidRequestException if the last dimension is another
     */
    public Tensor finalLayerNorm(Tensor hidden) {
        int width = hiddenSize();
        Shape shape = hidden.shape();
        if (shape.rank() == 0 || shape.dimension(shape.rank() - 1) != width) {
            throw new InvalidRequestException("hidden", shape, "of a last dimension of " + width);
        }
        Tensor result = hidden.copy();
        try (Tensor weight = weight("final_layer_norm.weight");
                Tensor bias = weight("final_layer_norm.bias");
                Tensor rows = result.view(Shape.of(hidden.size() / width, width))) {
            for (long row = 0; row < rows.shape().dimension(0); row++) {
                try (Tensor values = rows.slice(row, row + 1)) {
                    normalize(values, weight, bias);
                }
            }
            return result;
        } catch (Throwable e) {
            result.close();
            throw e;
        }
    }

    private static void normalize(Tensor values, Tensor weight, Tensor bias) {
        double mean = values.mean();
        double deviation = values.standardDeviation();
        double factor = 1 / Math.sqrt(deviation * deviation + NORM_EPSILON);
        for (long i = 0; i < values.size(); i++) {
            double normalized = (values.getFlat(i) - mean) * factor;
            values.setFlat(i, (float) (normalized * weight.getFlat(i) + bias.getFlat(i)));
        }
    }

    private Tensor weight(String name) {
        return calls.call(parts -> parts.weight(info.weights() + name));
    }

    private Shape textShape(int width) {
        return Shape.of(1, calls.info().textLength(), width);
    }
}
