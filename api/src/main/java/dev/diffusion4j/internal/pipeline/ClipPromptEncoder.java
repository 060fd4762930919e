package dev.diffusion4j.internal.pipeline;

import dev.diffusion4j.component.Conditioning;
import dev.diffusion4j.error.NativeFailureException;
import dev.diffusion4j.image.ImageSize;
import dev.diffusion4j.internal.component.EngineClipTextEncoder;
import dev.diffusion4j.internal.component.ModelComponents;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import dev.diffusion4j.tokenizer.ClipTokenizer;
import dev.diffusion4j.tokenizer.WeightedTokens;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Turns a prompt of any length, with weights, into what the U-Net is told, as the native runtime does it: the chunks'
 * hidden states follow one another; those of SDXL's two encoders stand side by side; weights scale a token's state, and
 * the chunk then gets its mean back.
 */
final class ClipPromptEncoder implements PromptEncoder {

    /** Of SDXL's embedding of the picture's size: sinusoids of each number (Podell et al. 2023). */
    private static final int SIZE_EMBEDDING = 256;

    private static final double MAX_PERIOD = 10_000;

    private final List<EngineClipTextEncoder> encoders;
    private final ComponentsInfo info;

    ClipPromptEncoder(ModelComponents components) {
        encoders = components.textEncoders();
        info = components.calls().info().components();
    }

    @Override
    public Conditioning encode(String prompt, OptionalInt clipSkip, ImageSize size, Watch watch) {
        List<WeightedTokens> chunks = encoders.getFirst().tokenizer().encodeWeighted(prompt);
        Tensor context = Tensor.zeros(Shape.of(1, (long) chunks.size() * info.textLength(), info.contextSize()));
        try (Tensor rows = context.view(Shape.of(chunks.size(), info.textLength(), info.contextSize()))) {
            for (int i = 0; i < chunks.size(); i++) {
                try (Tensor chunk = rows.slice(i, i + 1)) {
                    encodeChunk(chunks.get(i), clipSkip, watch, chunk);
                }
            }
            Conditioning conditioning = Conditioning.of(context);
            return info.vectorSize() == 0
                    ? conditioning
                    : conditioning.with(Conditioning.VECTOR, vector(chunks.getFirst(), size, watch));
        } catch (Throwable e) {
            context.close();
            throw e;
        }
    }

    /** {@inheritDoc} SDXL was trained with zeros in place of an empty text and of its pooled output. */
    @Override
    public Conditioning encodeNegative(String prompt, OptionalInt clipSkip, ImageSize size, Watch watch) {
        Conditioning conditioning = encode(prompt, clipSkip, size, watch);
        if (prompt.isEmpty() && info.zeroesEmptyNegative()) {
            conditioning.context().fill(0);
            conditioning.vector().ifPresent(this::zeroPooled);
        }
        return conditioning;
    }

    private void zeroPooled(Tensor vector) {
        try (Tensor values = vector.view(Shape.of(vector.size()));
                Tensor pooled = values.slice(0, encoders.getLast().pooledSize())) {
            pooled.fill(0);
        }
    }

    private void encodeChunk(WeightedTokens chunk, OptionalInt clipSkip, Watch watch, Tensor result) {
        int column = 0;
        for (int encoder = 0; encoder < encoders.size(); encoder++) {
            EngineClipTextEncoder text = encoders.get(encoder);
            int skip = clipSkip.orElse(text.defaultClipSkip());
            boolean finalNorm = info.textEncoders().get(encoder).finalNorm();
            try (Tensor hidden = text.hiddenState(ids(chunk, encoder), skip, finalNorm, watch)) {
                copyColumns(hidden, result, column);
            }
            column += text.hiddenSize();
        }
        if (chunk.weighted()) {
            applyWeights(chunk, result);
        }
    }

    /** The second encoder's padding differs from the first's: everything behind the first end of text. */
    private int[] ids(WeightedTokens chunk, int encoder) {
        int[] ids = chunk.tokens().ids();
        if (encoder == 1) {
            boolean ended = false;
            for (int i = 0; i < ids.length; i++) {
                boolean padding = ended;
                ended |= ids[i] == ClipTokenizer.END_OF_TEXT;
                ids[i] = padding ? info.textEncoders().get(1).padding() : ids[i];
            }
        }
        return ids;
    }

    private static void copyColumns(Tensor hidden, Tensor result, int column) {
        long width = hidden.shape().dimension(2);
        long resultWidth = result.shape().dimension(2);
        for (long row = 0; row < hidden.shape().dimension(1); row++) {
            MemorySegment.copy(
                    hidden.segment(),
                    row * width * Float.BYTES,
                    result.segment(),
                    (row * resultWidth + column) * Float.BYTES,
                    width * Float.BYTES);
        }
    }

    private static void applyWeights(WeightedTokens chunk, Tensor hidden) {
        double before = hidden.mean();
        long width = hidden.shape().dimension(2);
        for (int token = 0; token < chunk.tokens().length(); token++) {
            for (long i = token * width; i < (token + 1) * width; i++) {
                hidden.setFlat(i, hidden.getFlat(i) * chunk.weight(token));
            }
        }
        double after = hidden.mean();
        if (Double.isFinite(before) && Double.isFinite(after) && after != 0) {
            hidden.scale(before / after);
        }
    }

    /** SDXL's vector: the second encoder's pooled output, then original size, crop corner and target size. */
    private Tensor vector(WeightedTokens chunk, ImageSize size, Watch watch) {
        int[] numbers = {size.height(), size.width(), 0, 0, size.height(), size.width()};
        List<Float> values = new ArrayList<>();
        try (Tensor pooled = encoders.getLast().pooled(ids(chunk, encoders.size() - 1), watch)) {
            for (float value : pooled.toArray()) {
                values.add(value);
            }
        }
        for (int number : numbers) {
            addSinusoids(number, values);
        }
        if (values.size() != info.vectorSize()) {
            throw new NativeFailureException("the model wants a vector of " + info.vectorSize()
                    + " numbers, text and size make " + values.size());
        }
        Tensor vector = Tensor.zeros(Shape.of(1, info.vectorSize()));
        for (int i = 0; i < values.size(); i++) {
            vector.setFlat(i, values.get(i));
        }
        return vector;
    }

    private static void addSinusoids(int number, List<Float> values) {
        int half = SIZE_EMBEDDING / 2;
        float[] sines = new float[half];
        for (int i = 0; i < half; i++) {
            double angle = number * Math.exp(-Math.log(MAX_PERIOD) * i / half);
            values.add((float) Math.cos(angle));
            sines[i] = (float) Math.sin(angle);
        }
        for (float sine : sines) {
            values.add(sine);
        }
    }
}
