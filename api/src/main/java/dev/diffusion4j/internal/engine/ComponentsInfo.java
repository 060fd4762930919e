package dev.diffusion4j.internal.engine;

import dev.diffusion4j.scheduler.PredictionType;
import java.util.List;
import java.util.Optional;

/**
 * What the runtime says of the components of a model that can be run by themselves.
 *
 * @param textEncoders one or two; none for families with a transformer, and those whose components cannot be reached
 * @param textLength tokens of one run of the text encoder
 * @param transformer the denoiser where it is no U-Net
 * @param inChannels latent channels and what inpainting models see beside them
 * @param outChannels channels of a prediction
 * @param contextSize width of the text context
 * @param vectorSize size of the vector of pooled text and, for SDXL, picture size; 0 for models without
 * @param sizeMultiple latents' sides must be multiples of it
 * @param predictionType what the denoiser predicts
 * @param zeroesEmptyNegative whether guidance against an empty text uses zeros in its place, as SDXL was trained
 * @param momentChannels channels of the VAE's encoding
 * @param scaling what unscaled latents are multiplied with, by channel
 * @param shift what is subtracted before, by channel
 * @param residuals what a ControlNet adds, in order; none where there can be no ControlNet
 */
public record ComponentsInfo(
        List<TextEncoderInfo> textEncoders,
        int textLength,
        Optional<TransformerInfo> transformer,
        int inChannels,
        int outChannels,
        int contextSize,
        int vectorSize,
        int sizeMultiple,
        PredictionType predictionType,
        boolean zeroesEmptyNegative,
        int momentChannels,
        List<Float> scaling,
        List<Float> shift,
        List<ResidualInfo> residuals) {

    /** Whether the model has any. */
    public boolean exist() {
        return !textEncoders.isEmpty() || transformer.isPresent();
    }

    /**
     * A diffusion transformer.
     *
     * @param patchSize latent cells in each direction that it sees as one token
     * @param maxSide the largest height and width of latents, 0 for any
     * @param takesGuidance whether it is told the guidance scale that it was distilled with
     */
    public record TransformerInfo(int patchSize, int maxSide, boolean takesGuidance) {}

    /**
     * A tensor that a ControlNet adds to the U-Net.
     *
     * @param channels how many it has
     * @param downscale cells of the latents for one of it, in each direction
     */
    public record ResidualInfo(int channels, int downscale) {}

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
