package dev.diffusion4j.internal;

import dev.diffusion4j.Lora;
import dev.diffusion4j.VaeTiling;
import dev.diffusion4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * The parts of an open model, run one by one. Tensors are handed over as they are: the callers have checked their shapes.
 * Not thread-safe: all methods run on the model's {@link ModelThread}.
 */
public interface Parts {

    /** What the runtime says of them. */
    PartsInfo info();

    /** Applies LoRAs to the parts until the next call or generation; an empty list takes them off. */
    void setLoras(List<Lora> loras, Watch watch);

    /** Hidden states of token ids. */
    void encodeText(int encoder, int[] ids, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden);

    /** Hidden states of what enters the first layer. */
    void encodeEmbeddings(
            int encoder, Tensor embeddings, int skippedLayers, boolean finalNorm, Watch watch, Tensor hidden);

    /** The pooled output at a position. */
    void poolText(int encoder, int[] ids, int position, Watch watch, Tensor pooled);

    /** The pooled output at a position, of what enters the first layer. */
    void poolEmbeddings(int encoder, Tensor embeddings, int position, Watch watch, Tensor pooled);

    /** Rows of the token embedding table. */
    void embedTokens(int encoder, int[] ids, Tensor embeddings);

    /**
     * One prediction of the U-Net. Allocates nothing off the heap.
     *
     * @param latents (batch, channels, height, width)
     * @param context (1 or batch, tokens, context size)
     * @param negativeContext for guidance, or null
     * @param vector of the models that have one, or null
     * @param negativeVector with the negative context, or null
     * @param concat of inpainting models, or null
     * @param result (batch, out channels, height, width)
     */
    void predict(
            Tensor latents,
            float timestep,
            Tensor context,
            Tensor negativeContext,
            Tensor vector,
            Tensor negativeVector,
            Tensor concat,
            float guidanceScale,
            Watch watch,
            Tensor result);

    /** The VAE's encoding of pictures (batch, 3, height, width). */
    void encodePictures(Tensor pictures, Optional<VaeTiling> tiling, Watch watch, Tensor moments);

    /** Pictures of unscaled latents (batch, channels, height, width). */
    void decodeLatents(Tensor latents, Optional<VaeTiling> tiling, Watch watch, Tensor pictures);

    /** The noise levels of a schedule for pictures of a size, the last one 0. */
    float[] sigmas(int schedule, int steps, int width, int height);

    /** A weight of the model's files, by the runtime's name of it. */
    Tensor weight(String name);
}
