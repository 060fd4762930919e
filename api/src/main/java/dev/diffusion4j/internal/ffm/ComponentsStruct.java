package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_parts_t;
import dev.diffusion4j.bindings.d4j_text_encoder_t;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.ResidualInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.TextEncoderInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.TransformerInfo;
import dev.diffusion4j.scheduler.PredictionType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads what the runtime says of a model's components. */
final class ComponentsStruct {

    private ComponentsStruct() {}

    /**
     * @param channels of a latent
     */
    static ComponentsInfo read(MemorySegment struct, int channels) {
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
        int prediction = d4j_parts_t.prediction(struct);
        int vectorSize = d4j_parts_t.denoiser_vector_size(struct);
        return new ComponentsInfo(
                List.copyOf(encoders),
                d4j_parts_t.text_length(struct),
                transformer(struct),
                d4j_parts_t.denoiser_in_channels(struct),
                d4j_parts_t.denoiser_out_channels(struct),
                d4j_parts_t.denoiser_context_size(struct),
                vectorSize,
                d4j_parts_t.denoiser_size_multiple(struct),
                prediction(prediction),
                !encoders.isEmpty() && vectorSize > 0 && prediction != D4j.D4J_PREDICTION_EDM_V(),
                d4j_parts_t.vae_moments(struct),
                floats(d4j_parts_t.vae_scaling(struct), channels),
                floats(d4j_parts_t.vae_shift(struct), channels),
                residuals(struct));
    }

    private static List<ResidualInfo> residuals(MemorySegment struct) {
        List<ResidualInfo> residuals = new ArrayList<>();
        for (int i = 0; i < d4j_parts_t.denoiser_residuals(struct); i++) {
            residuals.add(new ResidualInfo(
                    d4j_parts_t.residual_channels(struct, i), d4j_parts_t.residual_downscale(struct, i)));
        }
        return List.copyOf(residuals);
    }

    private static Optional<TransformerInfo> transformer(MemorySegment struct) {
        return d4j_parts_t.denoiser(struct) == D4j.D4J_DENOISER_TRANSFORMER()
                ? Optional.of(new TransformerInfo(
                        d4j_parts_t.denoiser_patch_size(struct),
                        d4j_parts_t.denoiser_max_side(struct),
                        d4j_parts_t.denoiser_guidance(struct) != 0))
                : Optional.empty();
    }

    private static PredictionType prediction(int code) {
        if (code == D4j.D4J_PREDICTION_FLOW()) {
            return PredictionType.FLOW;
        }
        if (code == D4j.D4J_PREDICTION_FLUX_FLOW()) {
            return PredictionType.FLUX_FLOW;
        }
        if (code == D4j.D4J_PREDICTION_FLUX2_FLOW()) {
            return PredictionType.FLUX2_FLOW;
        }
        return code == D4j.D4J_PREDICTION_EPSILON() ? PredictionType.EPSILON : PredictionType.V_PREDICTION;
    }

    private static List<Float> floats(MemorySegment array, int count) {
        List<Float> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(array.getAtIndex(ValueLayout.JAVA_FLOAT, i));
        }
        return List.copyOf(values);
    }
}
