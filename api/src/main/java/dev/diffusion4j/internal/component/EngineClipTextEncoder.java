package dev.diffusion4j.internal.component;

import dev.diffusion4j.component.ClipTextEncoder;
import dev.diffusion4j.component.TextualInversion;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.internal.check.Checks;
import dev.diffusion4j.internal.engine.ComponentCall;
import dev.diffusion4j.internal.engine.ComponentsInfo.TextEncoderInfo;
import dev.diffusion4j.internal.engine.EngineCalls;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.Tokens;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/** CLIP over an engine. */
public final class EngineClipTextEncoder implements ClipTextEncoder {

    /** Of PyTorch's LayerNorm, which CLIP uses. */
    private static final double NORM_EPSILON = 1e-5;

    private final EngineCalls calls;
    private final int index;
    private final TextEncoderInfo info;
    private final ClipTokenizer tokenizer;
    private final List<TextualInversion> inversions;

    /**
     * @param index which of the model's encoders
     */
    public EngineClipTextEncoder(
            EngineCalls calls, int index, ClipTokenizer tokenizer, List<TextualInversion> inversions) {
        this.calls = calls;
        this.index = index;
        this.info = calls.info().components().textEncoders().get(index);
        this.tokenizer = tokenizer;
        this.inversions = inversions;
    }

    @Override
    public EngineClipTextEncoder with(TextualInversion inversion) {
        Tensor vectors = inversion.vectors(info.hiddenSize());
        ClipTokenizer extended = tokenizer.withAddedToken(
                inversion.token(), Math.toIntExact(vectors.shape().dimension(0)));
        return new EngineClipTextEncoder(
                calls,
                index,
                extended,
                Stream.concat(inversions.stream(), Stream.of(inversion)).toList());
    }

    @Override
    public ClipTokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public List<TextualInversion> inversions() {
        return inversions;
    }

    @Override
    public int hiddenSize() {
        return info.hiddenSize();
    }

    @Override
    public int layers() {
        return info.layers();
    }

    @Override
    public int pooledSize() {
        return info.pooledSize();
    }

    @Override
    public int defaultClipSkip() {
        return info.skippedLayers() + 1;
    }

    @Override
    public Tensor encode(Tokens tokens) {
        return hiddenState(tokens, defaultClipSkip(), info.finalNorm());
    }

    @Override
    public Tensor hiddenState(Tokens tokens, int clipSkip, boolean finalNorm) {
        return hiddenState(tokens.ids(), clipSkip, finalNorm, Watch.NONE);
    }

    /** As {@link #hiddenState(Tokens, int, boolean)}, watched. */
    public Tensor hiddenState(int[] ids, int clipSkip, boolean finalNorm, Watch watch) {
        int skipped = Checks.range("clipSkip", clipSkip, 1, layers()) - 1;
        if (hasInversions(ids)) {
            try (Tensor embeddings = inputEmbeddings(ids)) {
                return encodeEmbeddings(embeddings, skipped, finalNorm, watch);
            }
        }
        return encode(encodeCall(skipped, finalNorm).ids("ids", ids), watch);
    }

    private ComponentCall encodeCall(int skippedLayers, boolean finalNorm) {
        return new ComponentCall("text.encode", "encoding text")
                .number("encoder", index)
                .number("skipped_layers", skippedLayers)
                .number("final_norm", finalNorm ? 1 : 0);
    }

    private Tensor encode(ComponentCall call, Watch watch) {
        return calls.fill(call, "hidden", Tensor.zeros(textShape(hiddenSize())), watch);
    }

    private Tensor encodeEmbeddings(Tensor embeddings, int skipped, boolean finalNorm, Watch watch) {
        return encode(encodeCall(skipped, finalNorm).input("embeddings", embeddings), watch);
    }

    @Override
    public Tensor pooled(Tokens tokens) {
        return pooled(tokens.ids(), Watch.NONE);
    }

    /** As {@link #pooled(Tokens)}, watched. */
    public Tensor pooled(int[] ids, Watch watch) {
        int end = 0;
        while (end < ids.length - 1 && ids[end] != ClipTokenizer.END_OF_TEXT) {
            end++;
        }
        ComponentCall call = new ComponentCall("text.pool", "encoding text")
                .number("encoder", index)
                .number("position", end);
        Shape pooled = Shape.of(1, pooledSize());
        if (!hasInversions(ids)) {
            return calls.fill(call.ids("ids", ids), "pooled", Tensor.zeros(pooled), watch);
        }
        try (Tensor embeddings = inputEmbeddings(ids)) {
            return calls.fill(call.input("embeddings", embeddings), "pooled", Tensor.zeros(pooled), watch);
        }
    }

    @Override
    public Tensor tokenEmbeddings() {
        return weight("embeddings.token_embedding.weight");
    }

    @Override
    public Tensor positionEmbeddings() {
        return weight("embeddings.position_embedding.weight");
    }

    @Override
    public Tensor embed(Tokens tokens) {
        return embed(tokens.ids());
    }

    private Tensor embed(int[] ids) {
        int[] known = ids.clone();
        for (int i = 0; i < known.length; i++) {
            known[i] = isInversion(known[i]) ? 0 : known[i];
        }
        ComponentCall call = new ComponentCall("text.embed", "looking up token embeddings")
                .number("encoder", index)
                .ids("ids", known);
        Tensor embeddings = calls.fill(call, "embeddings", Tensor.zeros(textShape(hiddenSize())), Watch.NONE);
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

    @Override
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

    @Override
    public Tensor encodeEmbeddings(Tensor inputEmbeddings) {
        return encodeEmbeddings(inputEmbeddings, defaultClipSkip(), info.finalNorm());
    }

    @Override
    public Tensor encodeEmbeddings(Tensor inputEmbeddings, int clipSkip, boolean finalNorm) {
        Checks.shape("inputEmbeddings", inputEmbeddings, textShape(hiddenSize()));
        int skipped = Checks.range("clipSkip", clipSkip, 1, layers()) - 1;
        return encodeEmbeddings(inputEmbeddings, skipped, finalNorm, Watch.NONE);
    }

    @Override
    public Tensor causalMask() {
        int length = calls.info().components().textLength();
        Tensor mask = Tensor.zeros(Shape.of(length, length));
        for (int row = 0; row < length; row++) {
            for (int column = row + 1; column < length; column++) {
                mask.set(Float.NEGATIVE_INFINITY, row, column);
            }
        }
        return mask;
    }

    @Override
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
        return calls.call(engine -> engine.weight(info.weights() + name));
    }

    private Shape textShape(int width) {
        return Shape.of(1, calls.info().components().textLength(), width);
    }
}
