package dev.diffusion4j.internal;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_parts_t;
import dev.diffusion4j.bindings.d4j_text_encoder_t;
import dev.diffusion4j.scheduler.PredictionType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What the runtime says of the parts of a model that can be run by themselves.
 *
 * @param textEncoders one or two; none for families whose parts cannot be reached
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
public record PartsInfo(
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

    static PartsInfo of(MemorySegment struct) {
        List<TextEncoderInfo> encoders = new ArrayList<>();
        for (int i = 0; i < d4j_parts_t.text_encoder_count(struct); i++) {
            MemorySegment encoder = d4j_parts_t.text_encoders(struct, i);
            encoders.add(new TextEncoderInfo(
                    d4j_text_encoder_t.hidden_size(encoder),
                    d4j_text_encoder_t.layers(encoder),
                    d4j_text_encoder_t.pooled_size(encoder),
                    d4j_text_encoder_t.padding(encoder),
                    d4j_text_encoder_t.skipped_layers(encoder),
                    d4j_text_encoder_t.final_norm(encoder) != 0,
                    d4j_text_encoder_t.weights(encoder).getString(0)));
        }
        return new PartsInfo(
                List.copyOf(encoders),
                d4j_parts_t.text_length(struct),
                d4j_parts_t.unet_in_channels(struct),
                d4j_parts_t.unet_out_channels(struct),
                d4j_parts_t.unet_context_size(struct),
                d4j_parts_t.unet_vector_size(struct),
                d4j_parts_t.unet_size_multiple(struct),
                d4j_parts_t.prediction(struct) == D4j.D4J_PREDICTION_EPSILON()
                        ? PredictionType.EPSILON
                        : PredictionType.V_PREDICTION,
                d4j_parts_t.unet_vector_size(struct) > 0
                        && d4j_parts_t.prediction(struct) != D4j.D4J_PREDICTION_EDM_V(),
                d4j_parts_t.vae_moments(struct),
                d4j_parts_t.vae_scaling(struct),
                d4j_parts_t.vae_shift(struct));
    }
}
