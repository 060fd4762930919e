package dev.diffusion4j.internal.ffm;

import dev.diffusion4j.bindings.D4j;
import dev.diffusion4j.bindings.d4j_parts_t;
import dev.diffusion4j.bindings.d4j_text_encoder_t;
import dev.diffusion4j.internal.engine.ComponentsInfo;
import dev.diffusion4j.internal.engine.ComponentsInfo.TextEncoderInfo;
import dev.diffusion4j.scheduler.PredictionType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Reads what the runtime says of a model's components. */
final class ComponentsStruct {

    private ComponentsStruct() {}

    static ComponentsInfo read(MemorySegment struct) {
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
        return new ComponentsInfo(
                List.copyOf(encoders),
                d4j_parts_t.text_length(struct),
                d4j_parts_t.unet_in_channels(struct),
                d4j_parts_t.unet_out_channels(struct),
                d4j_parts_t.unet_context_size(struct),
                d4j_parts_t.unet_vector_size(struct),
                d4j_parts_t.unet_size_multiple(struct),
                prediction == D4j.D4J_PREDICTION_EPSILON() ? PredictionType.EPSILON : PredictionType.V_PREDICTION,
                d4j_parts_t.unet_vector_size(struct) > 0 && prediction != D4j.D4J_PREDICTION_EDM_V(),
                d4j_parts_t.vae_moments(struct),
                d4j_parts_t.vae_scaling(struct),
                d4j_parts_t.vae_shift(struct));
    }
}
