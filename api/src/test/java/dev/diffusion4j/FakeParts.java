package dev.diffusion4j;

import dev.diffusion4j.internal.engine.Parts;
import dev.diffusion4j.internal.engine.PartsInfo;
import dev.diffusion4j.internal.engine.PartsInfo.TextEncoderInfo;
import dev.diffusion4j.internal.engine.Watch;
import dev.diffusion4j.request.Lora;
import dev.diffusion4j.request.VaeTiling;
import dev.diffusion4j.scheduler.PredictionType;
import dev.diffusion4j.tensor.Shape;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** Parts that compute nothing: all results are zeros. */
class FakeParts implements Parts {

    private final List<TextEncoderInfo> textEncoders;

    /** Of a model whose parts do not run by themselves. */
    FakeParts() {
        this(List.of());
    }

    FakeParts(List<TextEncoderInfo> textEncoders) {
        this.textEncoders = textEncoders;
    }

    /** With a text encoder, whose tokenizer needs the native library. */
    static List<TextEncoderInfo> oneTextEncoder() {
        return List.of(new TextEncoderInfo(8, 12, 8, 49_407, 0, true, "text."));
    }

    @Override
    public PartsInfo info() {
        return new PartsInfo(textEncoders, 77, 4, 4, 8, 0, 1, PredictionType.EPSILON, false, 8, 0.18215f, 0);
    }

    @Override
    public void setLoras(List<Lora> loras, Watch watch) {}

    @Override
    public void encodeText(int encoder, int[] ids, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden) {}

    @Override
    public void encodeEmbeddings(
            int encoder, Tensor embeddings, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden) {}

    @Override
    public void poolText(int encoder, int[] ids, int position, Watch watch, Tensor pooled) {}

    @Override
    public void poolEmbeddings(int encoder, Tensor embeddings, int position, Watch watch, Tensor pooled) {}

    @Override
    public void embedTokens(int encoder, int[] ids, Tensor embeddings) {}

    @Override
    public void predict(
            Tensor latents,
            float timestep,
            Tensor context,
            Tensor negativeContext,
            Tensor vector,
            Tensor negativeVector,
            Tensor concat,
            float guidanceScale,
            Watch watch,
            Tensor result) {}

    @Override
    public void encodePictures(Tensor pictures, Optional<VaeTiling> tiling, Watch watch, Tensor moments) {}

    @Override
    public void decodeLatents(Tensor latents, Optional<VaeTiling> tiling, Watch watch, Tensor pictures) {}

    @Override
    public float[] sigmas(int schedule, int steps, int width, int height) {
        return new float[steps + 1];
    }

    @Override
    public Tensor weight(String name) {
        return Tensor.zeros(Shape.of(1));
    }
}
