package dev.diffusion4j.internal.engine;

import dev.diffusion4j.scheduler.PredictionType;
import java.util.List;

/**
 * What the runtime says of the components of a model that can be run by themselves.
 *
 * @param textEncoders one or two; none for families whose components cannot be reached
 * @param textLength tokens of one run of the text encoder
 * @param unetInChannels latent channels and what inpainting models see beside them
 * @param unetOutChannels channels of a prediction
 * @param contextSize width of the text context
 * @param vectorSize size of SDXL's vector of pooled text and picture size, 0 for models without
 * @param sizeMultiple latents' sides must be multiples of it
 * @param predictionType what the U-Net predicts
 * @param zeroesEmptyNegative whether guidance against an empty text uses zeros in its place, as SDXL was trained
 * @param momentChannels channels of the VAE's encoding
 * @param scaling what unscaled latents are multiplied with
 * @param shift what is subtracted before
 */
public record ComponentsInfo(
        List<TextEncoderInfo> textEncoders,
        int textLength,
        int unetInChannels,
        int unetOutChannels,
        int contextSize,
        int vectorSize,
        int sizeMultiple,
        PredictionType predictionType,
        boolean zeroesEmptyNegative,
        int momentChannels,
        float scaling,
        float shift) {

    /**
     * One CLIP text encoder.
     *
     * @param hiddenSize width of its hidden states
     * @param layers how many layers it has
     * @param pooledSize size of its pooled output
     * @param padding the id that fills up a text
     * @param skippedLayers how many of the last layers the model leaves out when it draws
     * @param finalNorm whether the model uses the final layer norm when it draws
     * @param weights what the runtime's names of its weights begin with
     */
    public record TextEncoderInfo(
            int hiddenSize,
            int layers,
            int pooledSize,
            int padding,
            int skippedLayers,
            boolean finalNorm,
            String weights) {}
}
